"""Finding executions: the filters of the list, for REST and for the console."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from executions.domain.states import State
from executions.models import Execution
from governance.domain.verdicts import Verdict
from waxell.ledger.models import Entry
from waxell.lib.errors import DomainError
from waxell.lib.times import epoch_ms, parse_time

FILTERS: Final = (
    "state",
    "workflow",
    "agent",
    "label",
    "verdict",
    "policy",
    "rule",
    "budget",
    "since",
    "until",
    "q",
)


class FilterInvalid(DomainError):
    """A filter has a value that it cannot have."""

    code = "filter_invalid"
    status = 400


def found(project_id: UUID, filters: Mapping[str, str]) -> QuerySet[Execution]:
    """Return the executions of a project that match every filter given, in no order.

    `label` is `name:value`, `rule` is `policy/rule`, `since` and `until` RFC 3339, `q` part of a
    workflow's or agent's name, or an execution's id. Raises FilterInvalid, InvalidTime.
    """
    if any("\x00" in value for value in filters.values()):
        # PostgreSQL has no such text, so nothing could match; it would fail instead.
        raise FilterInvalid("A filter contains NUL.")
    rows = Execution.objects.filter(project_id=project_id)
    if state := filters.get("state"):
        rows = rows.filter(state=_known(State, state, "state"))
    if workflow := filters.get("workflow"):
        rows = rows.filter(workflow_slug=workflow)
    if agent := filters.get("agent"):
        rows = rows.filter(agent_slug=agent)
    if label := filters.get("label"):
        name, _, value = label.partition(":")
        rows = rows.filter(labels__contains={name: value})
    if verdict := filters.get("verdict"):
        rows = rows.filter(_has_entry(verdict=_known(Verdict, verdict, "verdict")))
    for kind in ("policy", "rule", "budget"):
        if cited := filters.get(kind):
            rows = rows.filter(_has_entry(cites__contains=[f"{kind}:{cited}"]))
    if since := filters.get("since"):
        rows = rows.filter(id__gte=first_id_at(parse_time(since)))
    if until := filters.get("until"):
        rows = rows.filter(id__lt=first_id_at(parse_time(until)))
    if text := filters.get("q"):
        rows = rows.filter(_mentions(text))
    return rows


def first_id_at(moment: datetime) -> UUID:
    """Return the smallest UUIDv7 made at `moment`: ids are in the order of time."""
    milliseconds = min(max(epoch_ms(moment), 0), (1 << 48) - 1)
    return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62)


def _mentions(text: str) -> Q:
    mentioned = Q(workflow_slug__icontains=text) | Q(agent_slug__icontains=text)
    try:
        return mentioned | Q(id=UUID(text))
    except ValueError:
        return mentioned


def _has_entry(**conditions: object) -> Exists:
    entries = Entry.objects.filter(project_id=OuterRef("project_id"), stream=OuterRef("id"))
    return Exists(entries.filter(**conditions))


def _known(kind: type[State] | type[Verdict], value: str, name: str) -> str:
    try:
        return kind(value)
    except ValueError as error:
        raise FilterInvalid(f"{name} is one of {', '.join(kind)}.") from error
