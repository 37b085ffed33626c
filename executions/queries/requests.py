"""What people must know of a held action: who asks, for what, why, and what came of the like before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from django.db.models import FETCH_RAISE, BinaryField, Count, Q
from django.db.models.functions import Substr

from executions.models import Execution
from governance.models import Approval
from waxell.ledger.models import Entry, Payload

CUT: Final = 400
"""Bytes of what was sent that a list shows of each; the page of one approval shows all of it."""

BEFORE: Final = 5
"""How many earlier answers to the like are shown."""

GRANTED: Final = (Approval.State.GRANTED, Approval.State.USED)

type Alike = tuple[UUID, str, str]
"""Agent, kind and resource: requests are alike in these, whatever their arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """How people answered the like before, in numbers."""

    granted: int = 0
    refused: int = 0
    expired: int = 0

    @property
    def known(self) -> bool:
        return bool(self.granted or self.refused or self.expired)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A held action: `facts` and `reasons` as recorded, who answers for the key that asks, and what came with it.

    `requester` is empty where nobody's key asks: a schedule, a retry. `content` is the beginning of the canonical
    arguments or input, None where there is none, or none any more; `whole` says whether it is all of it.
    """

    facts: Mapping[str, Any]
    reasons: Sequence[Mapping[str, Any]]
    requester: str
    content: bytes | None
    whole: bool
    past: Past


def of(project_id: UUID, approvals: Sequence[Approval], *, contents: bool) -> dict[UUID, Request]:
    """Return what each of these approvals is about, by the approval's id; `contents` whether what was sent is read."""
    asked = {(row.execution_id, row.action_seq): row for row in approvals}
    keys = {"project_id": project_id, "stream__in": {e for e, _ in asked}, "seq__in": {seq for _, seq in asked}}
    sent: dict[tuple[UUID, int], bytes] = {}
    if contents and asked:
        rows = Payload.objects.filter(**keys, name__in=("args", "input"))
        beginnings = rows.annotate(beginning=Substr("content", 1, CUT + 1, output_field=BinaryField()))
        sent = {(e, seq): bytes(text) for e, seq, text in beginnings.values_list("stream", "seq", "beginning")}
    requesters = requesters_of(e for e, _ in asked)
    past = past_of(project_id, approvals)
    found: dict[UUID, Request] = {}
    for entry in Entry.objects.filter(**keys) if asked else ():
        approval = asked.get((entry.stream, entry.seq))
        if approval is None:
            continue
        body = orjson.loads(bytes(entry.body))
        content = sent.get((entry.stream, entry.seq))
        found[approval.pk] = Request(
            facts=body["facts"],
            reasons=body["decision"]["reasons"],
            requester=requesters.get(approval.execution_id, ""),
            content=None if content is None else content[:CUT],
            whole=content is None or len(content) <= CUT,
            past=past.get(alike(approval), Past()),
        )
    return found


def alike(approval: Approval) -> Alike:
    """Return in what a request is like others."""
    return approval.agent_id, approval.kind, approval.resource


def requesters_of(executions: Iterable[UUID]) -> dict[UUID, str]:
    """Return who answers for the keys that drive these executions, as they are called, by the execution's id."""
    rows = Execution.objects.filter(pk__in=set(executions), key__isnull=False).select_related("key__accountable")
    return {row.pk: str(row.key.accountable) for row in rows if row.key is not None}


def past_of(project_id: UUID, approvals: Sequence[Approval]) -> dict[Alike, Past]:
    """Return how others like these were answered, in numbers."""
    wanted = {alike(row) for row in approvals}
    if not wanted:
        return {}
    rows = (
        Approval.objects.filter(
            project_id=project_id,
            agent__in={agent for agent, _, _ in wanted},
            resource__in={name for *_, name in wanted},
        )
        .exclude(pk__in=[row.pk for row in approvals])
        .values_list("agent_id", "kind", "resource")
        .annotate(
            granted=Count("id", filter=Q(state__in=GRANTED)),
            refused=Count("id", filter=Q(state=Approval.State.REFUSED)),
            expired=Count("id", filter=Q(state=Approval.State.EXPIRED)),
        )
    )
    return {
        (agent, kind, resource): Past(granted=granted, refused=refused, expired=expired)
        for agent, kind, resource, granted, refused, expired in rows
        if (agent, kind, resource) in wanted
    }


def answered(approval: Approval) -> list[Approval]:
    """Return the last answers to requests like this one, the newest first."""
    rows = Approval.objects.filter(
        project_id=approval.project_id, agent=approval.agent_id, kind=approval.kind, resource=approval.resource
    ).exclude(state__in=(Approval.State.PENDING, Approval.State.LAPSED))
    return list(rows.exclude(pk=approval.pk).order_by("-id").fetch_mode(FETCH_RAISE)[:BEFORE])
