"""What was erased: by which entry, when, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from django.db.models import QuerySet

from executions.queries.records import Written
from waxell.ledger.models import Entry, Payload
from waxell.lib.db.calls import call

ERASED: Final = "payloads.erased"

# Both are found by their whole key: the erasure's, and that of its entry and of the reason beside it.
_GONE: Final = """
SELECT r.stream, r.seq, r.name, r.entry_seq, e.decided_at, p.content AS reason
  FROM unnest(%s::uuid[], %s::bigint[]) AS shown (stream, seq)
  JOIN ledger_erasure r ON r.project_id = %s AND r.stream = shown.stream AND r.seq = shown.seq
  JOIN ledger_entry e ON e.project_id = r.project_id AND e.stream = r.project_id AND e.seq = r.entry_seq
  LEFT JOIN ledger_payload p
         ON p.project_id = e.project_id AND p.stream = e.stream AND p.seq = e.seq AND p.name = 'reason'
"""

type Place = tuple[UUID, int, str]
"""Stream, number of the entry, and name of a payload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A payload that an entry commits to and that is not there: `entry` says so, None where none does."""

    name: str
    entry: int | None = None
    at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One entry that erased: number, who, why, what. `actor` as entries name it."""

    seq: int
    at: datetime
    actor: Mapping[str, Any]
    reason: str
    contents: tuple[Mapping[str, Any], ...]
    end_users: tuple[str, ...]


def gone(project_id: UUID, entries: Sequence[Written]) -> dict[Place, Gone]:
    """Return what `entries` commit to and the ledger no longer has, by its place."""
    there = {(entry.stream, entry.seq, row.name) for entry in entries for row in entry.payloads}
    committed = {(entry.stream, entry.seq, name) for entry in entries for name in entry.body.get("payloads", ())}
    missing = committed - there
    found = {place: Gone(name=place[2]) for place in missing}
    if not missing:
        return found
    places = sorted({(stream, seq) for stream, seq, _ in missing})
    rows = call(_GONE, ([stream for stream, _ in places], [seq for _, seq in places], project_id))
    for row in rows:
        reason = "" if row.reason is None else bytes(row.reason).decode()
        found[row.stream, row.seq, row.name] = Gone(
            name=row.name, entry=row.entry_seq, at=row.decided_at, reason=reason
        )
    return found


def listed(project_id: UUID) -> QuerySet[Entry]:
    """Return the entries that erased something in a project."""
    return Entry.objects.filter(project_id=project_id, stream=project_id, type=ERASED)


def told(rows: Iterable[Entry]) -> list[Erasure]:
    """Read entries of `listed`, with their reasons."""
    entries = list(rows)
    reasons = reasons_of(entries[0].project_id, [entry.seq for entry in entries]) if entries else {}
    return [_told(entry, reasons.get(entry.seq, "")) for entry in entries]


def reasons_of(project_id: UUID, numbers: Iterable[int]) -> dict[int, str]:
    """Return the reasons beside entries of a project's governance, by their numbers."""
    rows = Payload.objects.filter(project_id=project_id, stream=project_id, seq__in=list(numbers), name="reason")
    return {seq: bytes(content).decode() for seq, content in rows.values_list("seq", "content")}


def _told(entry: Entry, reason: str) -> Erasure:
    body = orjson.loads(bytes(entry.body))
    return Erasure(
        seq=entry.seq,
        at=entry.decided_at,
        actor=body["actor"],
        reason=reason,
        contents=tuple(body["erased"]),
        end_users=tuple(body.get("end_users", ())),
    )
