"""The bundle of a period: every sealed leaf of it, each with its entry or listed as hidden."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final
from uuid import UUID

from executions.models import Execution
from executions.queries.bundles import rules, seals, streams
from executions.queries.bundles.execution import INSTALLATION, log_streams
from executions.queries.bundles.lines import Lines, hash_texts
from executions.queries.bundles.seals import Logs, Range, Sealed
from executions.queries.bundles.streams import Included, Writing
from waxell.ledger.models import Leaf, SealQueueItem, Stream
from waxell.ledger.queries import checkpoints
from waxell.ledger.queries.proofs import SEALED_WITHIN_SECONDS, NotSealed
from waxell.lib.db.calls import call, call_one
from waxell.lib.db.snapshots import one_snapshot
from waxell.lib.errors import DomainError
from waxell.lib.times import format_time

COMMITTED_WITHIN: Final = timedelta(seconds=60)
"""An append may be at most 5 s older than its commit; by then it waits to be sealed."""

HIDDEN_AT_ONCE: Final = 1000

_WAITS: Final = """
SELECT EXISTS (SELECT FROM ledger_seal_queue q JOIN ledger_entry e
                   ON e.project_id = q.project_id AND e.stream = q.stream AND e.seq = q.seq
                WHERE e.decided_at < %s) AS waits
"""
# Where sealing lagged, entries of the period were sealed after its end.
_LAST_OF_PERIOD: Final = """
SELECT max(l.index) AS index FROM ledger_leaf l JOIN ledger_entry e
    ON e.project_id = l.project_id AND e.stream = l.stream AND e.seq = l.seq
 WHERE l.log = %s::integer AND l.index >= %s AND e.decided_at >= %s AND e.decided_at < %s
"""
_STREAMS: Final = """
SELECT l.project_id, l.stream, array_agg(l.seq ORDER BY l.seq) AS seqs FROM ledger_leaf l
 WHERE l.log = %s::integer AND l.index >= %s AND l.index < %s AND (%s::uuid IS NULL OR l.project_id = %s)
 GROUP BY l.project_id, l.stream ORDER BY l.stream
"""


class EmptyPeriod(DomainError):
    """Nothing was sealed in this period."""

    code = "empty_period"
    status = 404


def write_period(
    file: BinaryIO,
    *,
    since: datetime,
    until: datetime,
    project_id: UUID | None,
    contents: bool,
    made_at: datetime,
    continues: Iterable[int] = (),
) -> None:
    """Write every stream with entries of the period, and all leaves sealed between.

    With `project_id` the leaves of other projects are listed by their digests only. Executions are
    written whole, also what of them lies outside. Raises NotSealed, EmptyPeriod.
    """
    with one_snapshot():
        _write(
            file,
            since=since,
            until=until,
            project_id=project_id,
            contents=contents,
            made_at=made_at,
            continues=continues,
        )


def _write(
    file: BinaryIO,
    *,
    since: datetime,
    until: datetime,
    project_id: UUID | None,
    contents: bool,
    made_at: datetime,
    continues: Iterable[int],
) -> None:
    if SealQueueItem.objects.exists() and call_one(_WAITS, (until,)).waits:
        raise NotSealed(retry_after=SEALED_WITHIN_SECONDS)
    every = seals.sealed_logs()
    spans = [span for sealed in every.values() if (span := _span(sealed, since, until)) is not None]
    included, governed = _included(spans, project_id)
    if not included and not governed:
        raise EmptyPeriod()
    runs = [stream.id for stream in included]
    known = rules.rules_of(runs)
    projects = sorted({stream.project_id for stream in included} | set(governed))
    erasures = streams.find_erasures(projects, runs)
    for by, seq in erasures.values():
        known.seqs[by].add(seq)
    for governing in projects:
        seqs = sorted(known.seqs[governing] | governed.get(governing, set()))
        if seqs:
            included.append(Included(id=governing, project_id=governing, of="governance", seqs=seqs))
    needed = {*streams.logs_of([stream.id for stream in included]), *(span.log for span in spans)}
    logs = seals.logs_from(every, needed)
    scope: dict[str, object] = {
        "project": str(project_id) if project_id else None,
        "since": format_time(since),
        "until": format_time(until),
    }
    lines = Lines(file, scope=scope, made_at=made_at)
    seals.write_seals(lines, logs, continues)
    _write_ranges(lines, logs, spans, project_id)
    known.write(lines)
    writing = Writing(logs=logs, contents=contents, erasures=erasures, ranges=spans)
    for stream in [*included, *log_streams(sealed.log for sealed in logs.values())]:
        streams.write_stream(lines, stream, writing)
    lines.end()


def _span(sealed: Sealed, since: datetime, until: datetime) -> Range | None:
    """Return the leaves between the last checkpoint before the period and the first one surely after it."""
    signed = checkpoints.of(sealed.log.number)
    before = signed.filter(signed_at__lte=since).first()
    after = signed.filter(signed_at__gte=until + COMMITTED_WITHIN).last()
    start, end = before.size if before else 0, after.size if after else sealed.head.size
    last = call_one(_LAST_OF_PERIOD, (sealed.log.number, end, since, until)).index
    if last is not None:
        end = last + 1
    return Range(log=sealed.log.number, start=start, end=end) if start < end else None


def _included(spans: Sequence[Range], project_id: UUID | None) -> tuple[list[Included], dict[UUID, set[int]]]:
    """Return the executions and addenda with leaves in the ranges, and the governance entries by project."""
    rows: list[Any] = [
        row
        for span in spans
        for row in call(_STREAMS, (span.log, span.start, span.end, project_id, project_id))
        if row.project_id != INSTALLATION
    ]
    governed: dict[UUID, set[int]] = {}
    for row in rows:
        if row.stream == row.project_id:
            governed.setdefault(row.project_id, set()).update(row.seqs)
    others = {row.stream: row.project_id for row in rows if row.stream != row.project_id}
    subjects = dict(Stream.objects.filter(id__in=others, kind=Stream.Kind.ADDENDA).values_list("id", "subject"))
    executions = set(Execution.objects.filter(id__in=others).values_list("id", flat=True))
    included = [
        Included(id=stream, project_id=project, of="execution")
        if stream in executions or stream not in subjects
        else Included(id=stream, project_id=project, of="addenda", execution=subjects[stream])
        for stream, project in sorted(others.items())
    ]
    return included, governed


def _write_ranges(lines: Lines, logs: Logs, spans: Sequence[Range], project_id: UUID | None) -> None:
    for span in spans:
        seals.write_range(lines, logs[span.log], span)
    if project_id is None:
        return
    for span in spans:
        for first, digests in _runs(span, project_id):
            lines.add("hidden", log=span.log, first=first, digests=hash_texts(digests))


def _runs(span: Range, project_id: UUID) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the successive leaves of other projects, with the index of the first."""
    foreign = Leaf.objects.filter(log=span.log, index__gte=span.start, index__lt=span.end).exclude(
        project_id__in=[project_id, INSTALLATION]
    )
    first, digests = 0, list[bytes]()
    for index, digest in foreign.order_by("index").values_list("index", "digest").iterator():
        if digests and (index != first + len(digests) or len(digests) == HIDDEN_AT_ONCE):
            yield first, digests
            digests = []
        if not digests:
            first = index
        digests.append(bytes(digest))
    if digests:
        yield first, digests
