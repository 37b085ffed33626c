"""The record of one execution as it is read: entries with their bodies parsed, contents beside them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Final
from uuid import UUID

import orjson
from django.db.models import FETCH_RAISE, F, Func, Q, QuerySet, TextField

from executions.models import Execution
from governance.models import Approval, GovernanceState
from waxell.ledger.domain.entries import name_digest, raw_digest
from waxell.ledger.models import Entry, Payload, Stream

PAGE: Final = 50
"""Entries shown at once; the newest of an execution come first, as what happens now."""


class _DoneBy(Func):
    """The person whom an entry's body names as having done it."""

    template = "(convert_from(%(expressions)s, 'UTF8')::json -> 'actor' ->> 'person')"
    output_field = TextField()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One entry: `canonical` is what `digest` (`sha256:…`) is of, `body` the same parsed."""

    stream: UUID
    seq: int
    type: str
    verdict: str | None
    at: datetime
    digest: str
    canonical: str
    body: Mapping[str, Any]
    payloads: tuple[Payload, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some successive entries of a stream; `before` and `after` say where the others are, if there are any."""

    entries: tuple[Written, ...]
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesSeen:
    """Rules that were in force during an execution, from its entry `first` on."""

    number: int
    first: int
    published_seq: int


def visible(project_id: UUID) -> QuerySet[Execution]:
    """Return the executions of a project."""
    return Execution.objects.filter(project_id=project_id).fetch_mode(FETCH_RAISE)


def stretch(execution: Execution, *, after: int | None = None) -> Stretch:
    """Return up to PAGE entries behind number `after`; without it the newest ones."""
    start = max(execution.seq - PAGE, 0) if after is None else max(after, 0)
    rows = _entries(execution.project_id, execution.id).filter(seq__gt=start)[:PAGE]
    entries = _written(execution.project_id, execution.id, rows)
    last = entries[-1].seq if entries else start
    return Stretch(
        entries=entries,
        before=max(start - PAGE, 0) if start else None,
        after=last if last < execution.seq else None,
    )


def closing(execution: Execution) -> Mapping[str, Any] | None:
    """Return what the last entry says; None while the execution lives."""
    rows = Entry.objects.filter(project_id=execution.project_id, stream=execution.id, seq=execution.seq)
    row = rows.filter(type="execution.closed").values_list("body", flat=True).first()
    return None if row is None else orjson.loads(bytes(row))


def addenda(execution: Execution) -> tuple[Written, ...]:
    """Return what arrived after the end, the oldest first, up to PAGE of it."""
    stream = addenda_stream(execution)
    if stream is None:
        return ()
    return _written(execution.project_id, stream.id, _entries(execution.project_id, stream.id)[:PAGE])


def addenda_stream(execution: Execution) -> Stream | None:
    """Return the stream of what arrived after the end, if anything did."""
    return Stream.objects.filter(project_id=execution.project_id, subject=execution.id).first()


def payload(execution: Execution, stream: UUID, seq: int, name: str) -> Payload | None:
    """Return one content of the execution's record or of its addenda."""
    if stream != execution.id:
        added = addenda_stream(execution)
        if added is None or added.id != stream:
            return None
    return Payload.objects.filter(project_id=execution.project_id, stream=stream, seq=seq, name=name).first()


def rules_seen(execution: Execution) -> tuple[RulesSeen, ...]:
    """Return the rules that were in force, in the order in which the execution met them."""
    seen: dict[str, int] = execution.states_seen
    begun = dict(
        Entry.objects.filter(
            project_id=execution.project_id, stream=execution.id, seq__in=list(seen.values())
        ).values_list("seq", "decided_at")
    )
    published = GovernanceState.objects.filter(
        project_id=execution.project_id, digest__in=[raw_digest(digest) for digest in seen]
    )
    rows = list(published.order_by("number").values_list("number", "digest", "entry_seq", "created_at"))
    found = []
    for digest, first in sorted(seen.items(), key=lambda item: item[1]):
        # Returning to earlier rules gives the same digest a new number: the latest before the entry counts.
        same = [row for row in rows if name_digest(row[1]) == digest]
        known = [row for row in same if first in begun and row[3] <= begun[first]] or same
        if known:
            found.append(RulesSeen(number=known[-1][0], first=first, published_seq=known[-1][2]))
    return tuple(found)


def family(execution: Execution) -> QuerySet[Execution]:
    """Return what this execution started and the attempts that followed it, oldest first."""
    rows = visible(execution.project_id)
    return (rows.filter(parent_id=execution.id) | rows.filter(retry_of=execution.id)).order_by("id")


def approvals_of(execution: Execution) -> dict[int, Approval]:
    """Return the execution's approvals by the number of the held entry."""
    rows = Approval.objects.filter(project_id=execution.project_id, execution_id=execution.id)
    return {row.action_seq: row for row in rows.fetch_mode(FETCH_RAISE)}


def written(project_id: UUID, stream: UUID, seq: int) -> Written | None:
    """Return one entry."""
    found = _written(project_id, stream, _entries(project_id, stream).filter(seq=seq))
    return found[0] if found else None


def written_among(project_id: UUID, stream: UUID, numbers: Iterable[int]) -> tuple[Written, ...]:
    """Return the entries of these numbers, the newest first."""
    return _written(project_id, stream, _entries(project_id, stream).filter(seq__in=list(numbers)).order_by("-seq"))


def written_about(project_id: UUID, stream: UUID, about: int, types: Iterable[str]) -> tuple[Written, ...]:
    """Return the entries of these types that speak of entry `about`, the oldest first."""
    return _written(project_id, stream, _entries(project_id, stream).filter(about=about, type__in=list(types)))


def written_before(
    project_id: UUID,
    stream: UUID,
    *,
    before: int | None,
    limit: int,
    begins: Iterable[str] | None = None,
    person: UUID | None = None,
) -> tuple[Written, ...]:
    """Return up to `limit` entries before number `before`, or the last ones, the newest first.

    `begins` keeps those whose type begins with one of them, `person` those that this person did.
    """
    rows = _entries(project_id, stream).order_by("-seq")
    if before is not None:
        rows = rows.filter(seq__lt=before)
    if begins is not None:
        rows = rows.filter(reduce(or_, (Q(type__startswith=one) for one in begins), Q(pk__in=())))
    if person is not None:
        # Only the canonical bytes say it: the stream is read until enough are found. People write few entries.
        rows = rows.alias(done_by=_DoneBy(F("body"))).filter(done_by=str(person))
    return _written(project_id, stream, rows[:limit])


def _entries(project_id: UUID, stream: UUID) -> QuerySet[Entry]:
    return Entry.objects.filter(project_id=project_id, stream=stream).order_by("seq")


def _written(project_id: UUID, stream: UUID, rows: Iterable[Entry]) -> tuple[Written, ...]:
    entries = list(rows)
    contents: dict[int, list[Payload]] = {}
    numbers = [entry.seq for entry in entries]
    for content in Payload.objects.filter(project_id=project_id, stream=stream, seq__in=numbers).order_by("name"):
        contents.setdefault(content.seq, []).append(content)
    return tuple(
        Written(
            stream=stream,
            seq=entry.seq,
            type=entry.type,
            verdict=entry.verdict,
            at=entry.decided_at,
            digest=name_digest(entry.digest) or "",
            canonical=bytes(entry.body).decode(),
            body=orjson.loads(bytes(entry.body)),
            payloads=tuple(contents.get(entry.seq, ())),
        )
        for entry in entries
    )
