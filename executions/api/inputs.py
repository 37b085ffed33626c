"""Bodies of the gate's calls, read strictly: unknown fields and wrong types are a 400."""

import re
from typing import Final
from uuid import UUID

from executions.domain.wanted import ActionWanted, CloseWanted, ResultWanted, StartWanted, Usage
from governance.domain.facts import Estimate
from governance.domain.kinds import REQUESTABLE, Kind
from waxell.lib.fields import Fields, InvalidField

NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
MAX_LABELS: Final = 32


def start(body: object) -> StartWanted:
    """Read `POST /executions/`."""
    fields = Fields(body)
    wanted = StartWanted(
        workflow=fields.text("workflow", max_length=200, pattern=NAME),
        agent=fields.optional_text("agent", min_length=1, max_length=63),
        input=fields.value("input"),
        labels=_labels(fields),
        parent=fields.optional_uuid("parent"),
        delegation=fields.optional_integer("delegation", minimum=1),
        end_user=fields.optional_text("end_user", min_length=1, max_length=255),
        environment=fields.optional_text("environment", max_length=63) or "",
        deadline_seconds=fields.optional_integer("deadline_seconds", minimum=1, maximum=604_800),
        lease_seconds=fields.optional_integer("lease_seconds", minimum=10, maximum=3600),
    )
    fields.finish()
    return wanted


def action(body: object) -> ActionWanted:
    """Read `POST /executions/{id}/actions/`."""
    fields = Fields(body)
    wanted = ActionWanted(
        fence=fields.integer("fence"),
        kind=Kind(fields.text("kind", choices=REQUESTABLE)),
        resource=fields.text("resource", max_length=200, pattern=NAME),
        args=fields.optional_mapping("args"),
        estimate=_estimate(fields),
        approval=fields.optional_uuid("approval"),
    )
    fields.finish()
    return wanted


def result(body: object) -> ResultWanted:
    """Read `POST /executions/{id}/actions/{seq}/result/`."""
    fields = Fields(body)
    wanted = ResultWanted(
        fence=fields.integer("fence"),
        status=fields.text("status", choices=("ok", "error")),
        output=fields.value("output"),
        usage=_usage(fields),
    )
    fields.finish()
    return wanted


def close(body: object) -> CloseWanted:
    """Read `POST /executions/{id}/close/`."""
    fields = Fields(body)
    wanted = CloseWanted(
        fence=fields.integer("fence"),
        outcome=fields.text("outcome", choices=("completed", "failed")),
        output=fields.value("output"),
        error=fields.value("error"),
    )
    fields.finish()
    return wanted


def fence(body: object) -> int:
    """Read `POST /executions/{id}/heartbeat/`."""
    fields = Fields(body)
    number = fields.integer("fence")
    fields.finish()
    return number


def reason(body: object) -> str:
    """Read `POST /executions/{id}/cancel/`."""
    fields = Fields(body)
    text = fields.text("reason", max_length=2000)
    fields.finish()
    return text


def vote(body: object) -> tuple[str, str]:
    """Read `POST /approvals/{id}/decide/`: the decision and the comment."""
    fields = Fields(body)
    decision = fields.text("decision", choices=("grant", "refuse"))
    comment = fields.optional_text("comment", max_length=2000) or ""
    fields.finish()
    return decision, comment


def kill_order(body: object) -> tuple[str, str | None, str]:
    """Read `POST /kill-orders/`: the scope's type and value, and the reason."""
    fields = Fields(body)
    scope = fields.nested("scope")
    if scope is None:
        raise InvalidField("scope is required.", field="scope")
    scope_type = scope.text("type", max_length=16)
    value = scope.optional_text("value", min_length=1, max_length=200)
    scope.finish()
    text = fields.text("reason", max_length=2000)
    fields.finish()
    return scope_type, value, text


def _labels(fields: Fields) -> dict[str, str]:
    labels = fields.optional_mapping("labels") or {}
    if len(labels) > MAX_LABELS:
        raise InvalidField(f"labels has at most {MAX_LABELS} entries.", field="labels")
    for name, value in labels.items():
        if not isinstance(value, str) or not 1 <= len(name) <= 63 or len(value) > 255:
            raise InvalidField("labels maps names of 1 to 63 characters to texts of at most 255.", field="labels")
    return {name: str(value) for name, value in labels.items()}


def _estimate(fields: Fields) -> Estimate | None:
    nested = fields.nested("estimate")
    if nested is None:
        return None
    estimate = Estimate(
        usd_micros=nested.optional_usd("usd"),
        tokens=nested.optional_integer("tokens"),
        seconds=nested.optional_integer("seconds"),
    )
    nested.finish()
    return estimate


def _usage(fields: Fields) -> Usage:
    nested = fields.nested("usage")
    if nested is None:
        return Usage()
    usage = Usage(
        usd_micros=nested.optional_usd("usd"),
        model=nested.optional_text("model", min_length=1, max_length=200),
        tokens_in=nested.optional_integer("tokens_in"),
        tokens_out=nested.optional_integer("tokens_out"),
        seconds=nested.optional_integer("seconds"),
    )
    nested.finish()
    return usage


def optional_note(body: object) -> str:
    """Read `POST /kill-orders/{id}/lift/`: a reason, if there is one to tell."""
    fields = Fields(body)
    note = fields.optional_text("reason", max_length=2000) or ""
    fields.finish()
    return note


def uuid_or_none(text: str) -> UUID | None:
    """Read an id that a filter names; what is no id matches nothing."""
    try:
        return UUID(text)
    except ValueError:
        return None
