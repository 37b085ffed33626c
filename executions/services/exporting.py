"""Handing out bundles to people: each is written down, and streamed as it is made."""

import itertools
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from django.utils import timezone

from executions.models import Execution
from executions.queries.bundles import write_execution, write_period
from governance.domain.actors import Actor
from governance.models import Project
from governance.services.recording import record
from waxell.lib.piping import read_while_written
from waxell.lib.times import format_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A bundle on its way: `name` for its file, `chunks` of its bytes."""

    name: str
    chunks: Generator[bytes]


def export_execution(*, execution: Execution, contents: bool, actor: Actor) -> Exported:
    """Begin the bundle of one execution. Raises NotSealed; then nothing is handed out."""
    now = timezone.now()
    return _hand_out(
        lambda file: write_execution(file, execution, contents=contents, made_at=now),
        name=f"{execution.pk}.bundle",
        project=execution.project_id,
        actor=actor,
        members={"execution": str(execution.pk), "contents": contents},
    )


def export_period(*, project: Project, since: datetime, until: datetime, contents: bool, actor: Actor) -> Exported:
    """Begin the bundle of a period of one project. Raises NotSealed, EmptyPeriod; then nothing is handed out."""
    now = timezone.now()
    return _hand_out(
        lambda file: write_period(
            file, since=since, until=until, project_id=project.pk, contents=contents, made_at=now
        ),
        name=f"{project.slug}-{since:%Y-%m-%d}-{until:%Y-%m-%d}.bundle",
        project=project.pk,
        actor=actor,
        members={"since": format_time(since), "until": format_time(until), "contents": contents},
    )


def _hand_out(
    write: Callable[[BinaryIO], object], *, name: str, project: UUID, actor: Actor, members: dict[str, object]
) -> Exported:
    chunks = read_while_written(write)
    # By the first chunk the writer has looked whether all of it is sealed; the entry about to be written is not.
    first = next(chunks)
    try:
        record(project_id=project, actor=actor, type="ledger.exported", members=members)
    except BaseException:
        chunks.close()
        raise
    return Exported(name=name, chunks=_closing(first, chunks))


def _closing(first: bytes, rest: Generator[bytes]) -> Generator[bytes]:
    """Yield everything; closing this closes the writer, too."""
    try:
        yield from itertools.chain([first], rest)
    finally:
        rest.close()
