"""Streams in a bundle: the exact bytes of sealed entries, their proofs, and the contents beside them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson

from executions.queries.bundles.lines import Lines, content_members
from executions.queries.bundles.seals import Logs, Range
from waxell.ledger.models import Entry, Payload
from waxell.lib.db.calls import call, call_one

AT_ONCE: Final = 200
"""Entries in memory at a time, with their contents."""

# An execution's stream is written whole, one of governance by the entries that are needed.
_ENTRIES: Final = """
SELECT l.log, l.index, l.seq, e.body FROM ledger_leaf l JOIN ledger_entry e
    ON e.project_id = l.project_id AND e.stream = l.stream AND e.seq = l.seq
 WHERE l.stream = %s AND l.seq > %s AND (%s::bigint[] IS NULL OR l.seq = ANY (%s::bigint[]))
 ORDER BY l.seq LIMIT %s::integer
"""
_COUNT: Final = """
SELECT count(*) AS sealed FROM ledger_leaf l
 WHERE l.stream = %s AND (%s::bigint[] IS NULL OR l.seq = ANY (%s::bigint[]))
"""
_LOGS: Final = "SELECT DISTINCT log FROM ledger_leaf WHERE stream = ANY (%s::uuid[]) ORDER BY log"

type Erasures = Mapping[tuple[UUID, int, str], tuple[UUID, int]]
"""(stream, seq, name) of a payload -> stream and seq of the entry that erased it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Included:
    """A stream of a bundle. `of` is execution, addenda, governance or log; `seqs` None: all that is sealed."""

    id: UUID
    project_id: UUID
    of: str
    execution: UUID | None = None
    seqs: Sequence[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What every stream is written with. `contents` False withholds what payloads say."""

    logs: Logs
    contents: bool
    erasures: Erasures = field(default_factory=dict)
    ranges: Sequence[Range] = ()


def sealed_entries(stream: Included) -> int:
    """Return how many of the entries meant are sealed."""
    return int(call_one(_COUNT, (stream.id, _seqs(stream), _seqs(stream))).sealed)


def logs_of(streams: Sequence[UUID]) -> list[int]:
    """Return the logs in which entries of `streams` are sealed."""
    return [row.log for row in call(_LOGS, (list(streams),))]


def write_stream(lines: Lines, stream: Included, writing: Writing) -> None:
    """Write a stream and its sealed entries in order."""
    named = {"execution": str(stream.execution)} if stream.execution else {}
    lines.add(
        "stream",
        stream=str(stream.id),
        project=str(stream.project_id),
        of=stream.of,
        part="whole" if stream.seqs is None else "excerpt",
        entries=sealed_entries(stream),
        **named,
    )
    for batch in _batches(stream):
        contents = _contents(stream, [row.seq for row in batch])
        for row in batch:
            _write_entry(lines, stream, row, contents.get(row.seq, {}), writing)


def find_erasures(
    project_ids: Sequence[UUID], streams: Sequence[UUID]
) -> dict[tuple[UUID, int, str], tuple[UUID, int]]:
    """Return which payloads of `streams` were erased, and by which entries of their projects' governance."""
    wanted = set(streams)
    found = {}
    rows = Entry.objects.filter(project_id__in=project_ids, stream__in=project_ids, type="payloads.erased")
    for entry in rows.order_by("stream", "seq").iterator():
        for item in orjson.loads(bytes(entry.body))["erased"]:
            stream = UUID(item["stream"])
            if stream in wanted:
                found[stream, item["seq"], item["name"]] = (entry.stream, entry.seq)
    return found


def _batches(stream: Included) -> Iterator[list[Any]]:
    last = 0
    while batch := call(_ENTRIES, (stream.id, last, _seqs(stream), _seqs(stream), AT_ONCE)):
        yield batch
        last = batch[-1].seq


def _seqs(stream: Included) -> list[int] | None:
    return None if stream.seqs is None else list(stream.seqs)


def _contents(stream: Included, seqs: Sequence[int]) -> dict[int, dict[str, Payload]]:
    found: dict[int, dict[str, Payload]] = {}
    for payload in Payload.objects.filter(project_id=stream.project_id, stream=stream.id, seq__in=seqs):
        found.setdefault(payload.seq, {})[payload.name] = payload
    return found


def _write_entry(lines: Lines, stream: Included, row: Any, contents: Mapping[str, Payload], writing: Writing) -> None:
    # Bytes that somebody spoilt are not always text; the verifier sees that these are not what was sealed.
    body = row.body.decode(errors="replace")
    proved = any(span.has(row.log, row.index) for span in writing.ranges)
    path = {} if proved else {"path": writing.logs[row.log].path(row.index)}
    payloads = {
        name: _payload(contents.get(name), writing.erasures.get((stream.id, row.seq, name)), writing.contents)
        for name in _named(row.body)
    }
    lines.add("entry", body=body, log=row.log, index=row.index, payloads=payloads, **path)


def _payload(kept: Payload | None, erased_by: tuple[UUID, int] | None, shown: bool) -> dict[str, object]:
    if kept is not None:
        return content_members(bytes(kept.content), bytes(kept.salt)) if shown else {"withheld": True}
    if erased_by is not None:
        return {"erased": {"stream": str(erased_by[0]), "seq": erased_by[1]}}
    return {"missing": True}


def _named(body: bytes) -> list[str]:
    try:
        named = orjson.loads(body).get("payloads", {})
        return sorted(named)
    except (orjson.JSONDecodeError, AttributeError, TypeError):
        return []
