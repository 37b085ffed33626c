"""The bundle of one execution."""

from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from executions.domain.states import TERMINAL
from executions.models import Execution
from executions.queries.bundles import rules, seals, streams
from executions.queries.bundles.lines import Lines
from executions.queries.bundles.streams import Included, Writing
from waxell.ledger.models import Log, Stream
from waxell.ledger.queries.proofs import SEALED_WITHIN_SECONDS, NotSealed
from waxell.lib.db.snapshots import one_snapshot

INSTALLATION = UUID(int=0)


def write_execution(
    file: BinaryIO,
    execution: Execution,
    *,
    contents: bool,
    made_at: datetime,
    continues: Iterable[int] = (),
) -> None:
    """Write everything about one execution that is sealed, with what proves it.

    `contents` False withholds payloads, whose commitments still verify. `continues` are sizes of
    older checkpoints that the log is shown to continue. Raises NotSealed where a closed record is
    not sealed to its end, or a live one not at all; ValueError where the log is smaller than `continues`.
    """
    with one_snapshot():
        _write(file, execution, contents=contents, made_at=made_at, continues=continues)


def _write(
    file: BinaryIO, execution: Execution, *, contents: bool, made_at: datetime, continues: Iterable[int]
) -> None:
    project_id = execution.project_id
    own = Included(id=execution.id, project_id=project_id, of="execution")
    sealed = streams.sealed_entries(own)
    if sealed == 0 or (execution.state in TERMINAL and sealed < execution.seq):
        raise NotSealed(retry_after=SEALED_WITHIN_SECONDS)
    included = [own, *_addenda(execution)]
    ids = [stream.id for stream in included]
    known = rules.rules_of(ids)
    erasures = streams.find_erasures([project_id], ids)
    needed = known.seqs[project_id] | {seq for _, seq in erasures.values()}
    governance = Included(id=project_id, project_id=project_id, of="governance", seqs=sorted(needed))
    if streams.sealed_entries(governance) < len(needed):
        raise NotSealed(retry_after=SEALED_WITHIN_SECONDS)
    every = seals.sealed_logs()
    logs = seals.logs_from(every, streams.logs_of([*ids, project_id]))
    scope: dict[str, object] = {"project": str(project_id), "execution": str(execution.id)}
    lines = Lines(file, scope=scope, made_at=made_at)
    seals.write_seals(lines, logs, continues)
    known.write(lines)
    writing = Writing(logs=logs, contents=contents, erasures=erasures)
    for stream in [*included, governance, *log_streams(sealed.log for sealed in logs.values())]:
        streams.write_stream(lines, stream, writing)
    lines.end()


def log_streams(logs: Iterable[Log]) -> list[Included]:
    """Return the streams in which logs speak of themselves: how they were opened and which keys sign."""
    return [Included(id=log.id, project_id=INSTALLATION, of="log") for log in logs]


def _addenda(execution: Execution) -> list[Included]:
    found = Stream.objects.filter(project_id=execution.project_id, subject=execution.id).values_list("id", flat=True)
    added = [
        Included(id=stream, project_id=execution.project_id, of="addenda", execution=execution.id) for stream in found
    ]
    return [stream for stream in added if streams.sealed_entries(stream)]
