"""Bodies of the `waxell-observe` protocol. Types are checked; fields that we do not know are passed over.

The protocol is not ours: its client may grow fields at any time, and it takes a 400 as permission to go on
ungoverned.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from executions.api.inputs import uuid_or_none
from executions.domain.wanted import CloseWanted, Usage
from executions.services.telling import Told
from governance.domain.kinds import Kind
from waxell.lib.fields import Fields, InvalidField
from waxell.lib.money import round_up

NOWHERE: Final = UUID(int=0)
"""No execution has this id: what a text that is no id stands for."""

LEASE_SECONDS: Final = 3600
"""This client sends no heartbeat."""

_OF_A_RUN: Final = ("agent_name", "workflow_name", "inputs", "user_id", "user_group")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOST_USD: Final = Decimal(10**9)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWanted:
    """A run to start, or to rehearse. `agent_name` is as the client has it, no slug."""

    agent_name: str
    workflow: str
    inputs: dict[str, Any]
    labels: dict[str, str]
    end_user: str | None = None
    parent: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question before something happens. Without a surface it is about a run that has not begun."""

    run: RunWanted
    surface: str | None
    signal: dict[str, Any]
    execution_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Steps that are uses of something, and the others as they came."""

    uses: tuple[Told, ...] = ()
    plain: list[Any] = field(default_factory=list)


def check(body: object) -> Check:
    """Read `POST policy-check/`."""
    fields = Fields(body)
    return Check(
        run=run(body),
        surface=fields.optional_text("surface", max_length=63) or None,
        signal=fields.optional_mapping("signal") or {},
        execution_id=_run_id(fields, "workflow_id"),
    )


def run(body: object) -> RunWanted:
    """Read `POST runs/start/`, and what of it `policy-check/` already tells."""
    fields = Fields(body)
    agent_name = fields.text("agent_name", min_length=0, max_length=1000) or "agent"
    metadata = fields.optional_mapping("metadata") or {}
    end_user = metadata.get("tenant_sub_user_id") or fields.optional_text("user_id", max_length=1000)
    labels = {"agent_name": agent_name}
    for name in ("user_group", "session_id", "interaction_mode"):
        if given := fields.optional_text(name, max_length=1000):
            labels[name] = given
    return RunWanted(
        agent_name=agent_name,
        workflow=_name(fields.optional_text("workflow_name", max_length=1000), "default"),
        inputs=fields.optional_mapping("inputs") or {},
        labels={name: text[:255] for name, text in labels.items()},
        end_user=str(end_user)[:255] if end_user else None,
        parent=_run_id(fields, "parent_workflow_id"),
    )


def echo(body: object) -> dict[str, Any]:
    """Return what of a check describes its run, for asking a person about it."""
    fields = Fields(body)
    return {name: given for name in _OF_A_RUN if (given := fields.value(name))}


def was_refused(body: object) -> bool:
    """Tell whether the start of a run only reports what its check refused."""
    found = Fields(body).value("pre_execution_evaluations")
    return isinstance(found, list) and any(isinstance(one, dict) and one.get("action") == "block" for one in found)


def calls(body: object) -> tuple[Told, ...]:
    """Read `POST llm-calls/`."""
    return tuple(_call(Fields(item, path="calls")) for item in items(body, "calls"))


def steps(body: object, *, required: bool = True) -> Steps:
    """Read `POST steps/`, and the steps of `complete/`."""
    uses, plain = [], []
    for item in items(body, "steps", required=required):
        step = Fields(item, path="steps")
        name = step.optional_text("step_name", max_length=1000) or ""
        told = _use(name, step.optional_mapping("output") or {}) if isinstance(item.get("output"), dict) else None
        if told is None:
            plain.append(item)
        else:
            uses.append(told)
    return Steps(uses=tuple(uses), plain=plain)


def items(body: object, name: str, *, required: bool = True) -> list[Any]:
    """Return the list of objects that a body carries under `name`."""
    found = Fields(body).value(name)
    if found is None and not required:
        return []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise InvalidField(f"{name} must be a list of objects.", field=name)
    return found


def run_id(body: object) -> UUID | None:
    """Return the run that a body names by its `workflow_id`."""
    return _run_id(Fields(body), "workflow_id")


def daily(body: object, today: str) -> tuple[str, str]:
    """Read `POST runs/daily/`: the agent's name and the day, RFC 3339."""
    fields = Fields(body)
    day = fields.optional_text("date", max_length=10, pattern=_DAY) or today
    return fields.text("agent_slug", max_length=1000), day


def completion(body: object, fence: int) -> CloseWanted:
    """Read `POST complete/`. Whatever is not a success is told as a failure, in the client's words."""
    fields = Fields(body)
    status = fields.text("status", max_length=63)
    result = fields.value("result")
    if status == "success":
        return CloseWanted(fence=fence, outcome="completed", output=result)
    error = {
        "status": status,
        **{
            name: given
            for name in ("error", "error_type", "traceback")
            if (given := fields.optional_text(name, max_length=200_000))
        },
    }
    return CloseWanted(fence=fence, outcome="failed", output=result or None, error=error)


def action(check: Check) -> tuple[Kind, str, Mapping[str, Any]] | None:
    """Return what a gate asks for: kind, resource and arguments. None: only whether the run may go on."""
    signal = check.signal

    def text(name: str, default: str = "unknown") -> str:
        value = signal.get(name)
        return _name(value if isinstance(value, str) else None, default)

    match check.surface:
        case "llm.before":
            return Kind.MODEL_CALL, text("model"), _without(signal, "model")
        case "tool.before":
            return Kind.TOOL_CALL, text("tool_name"), _arguments(signal.get("tool_args"))
        case "mcp.before":
            server = f"{text('server_name')}/{text('tool_name')}"
            return Kind.TOOL_CALL, _name(server, "unknown"), _arguments(signal.get("tool_args"))
        case "network.before":
            return Kind.NETWORK_REQUEST, text("domain"), _without(signal, "domain")
        case "spawn.before":
            return Kind.AGENT_DELEGATE, text("delegate"), _without(signal, "delegate")
        case "code.exec":
            return Kind.CODE_EXECUTE, text("language"), _without(signal, "language")
        case "memory.write" | "memory.delete":
            name = "memory_type" if check.surface == "memory.write" else "store"
            return Kind.MEMORY_WRITE, text(name, "memory"), _without(signal, name)
        case "memory.read":
            return Kind.DATA_ACCESS, text("memory_type", "memory"), _without(signal, "memory_type")
        case _:
            return None


def _call(fields: Fields) -> Told:
    model = _name(fields.optional_text("model", max_length=1000), "unknown")
    told = {
        name: given
        for name in ("task", "prompt_preview", "prompt_hash")
        if (given := fields.optional_text(name, max_length=200_000))
    }
    came = {
        name: given
        for name in ("response_preview", "error_type", "error_message")
        if (given := fields.optional_text(name, max_length=200_000))
    }
    return Told(
        kind=Kind.MODEL_CALL,
        resource=model,
        args=told or None,
        status="error" if fields.optional_text("status", max_length=63) == "error" else "ok",
        output={**told, **came} or None,
        usage=Usage(
            usd_micros=_claimed(fields.value("cost")),
            model=model,
            tokens_in=fields.optional_integer("tokens_in"),
            tokens_out=fields.optional_integer("tokens_out"),
        ),
    )


def _use(step: str, output: Mapping[str, Any]) -> Told | None:
    """What a step used, by the kind that the client marks it with; None for a step of thought."""
    after = step.partition(":")[2]
    kinds = {
        "tool_call": (Kind.TOOL_CALL, "name"),
        "retrieval": (Kind.DATA_ACCESS, "source"),
        "code_execution": (Kind.CODE_EXECUTE, "language"),
        "communication": (Kind.MESSAGE_SEND, "channel"),
    }
    marked = output.get("_kind")
    if not isinstance(marked, str) or marked not in kinds:
        return None
    kind, member = kinds[marked]
    given = output.get(member)
    return Told(
        kind=kind,
        resource=_name(given if isinstance(given, str) else after, "unknown"),
        status="error" if output.get("status") == "error" else "ok",
        output=dict(output),
    )


def _claimed(cost: object) -> int | None:
    """The client's own figure in micro-dollars: a claim, used where the model has no price."""
    if cost is None:
        return None
    if isinstance(cost, bool) or not isinstance(cost, int | float | Decimal) or not 0 <= cost <= _MOST_USD:
        raise InvalidField("cost is an amount in dollars.", field="calls.cost")
    return round_up(Decimal(str(cost)))


def _run_id(fields: Fields, name: str) -> UUID | None:
    given = fields.optional_text(name, max_length=1000)
    return (uuid_or_none(given) or NOWHERE) if given else None


def _name(given: str | None, default: str) -> str:
    """A name as the registry takes it: printable, at most 200 characters."""
    return "".join(letter if letter.isprintable() else " " for letter in given or "").strip()[:200] or default


def _arguments(given: object) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {} if given is None else {"value": given}


def _without(signal: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The rest of a signal; its metadata is the run's, and the same at every gate."""
    return {member: value for member, value in signal.items() if member not in (name, "metadata")}
