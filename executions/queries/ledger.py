"""How much a project has written down, and how far what is written can be proved."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery, Sum

from executions.models import Execution
from executions.models.executions import LIVE
from executions.queries.overview import capped
from waxell.ledger.domain.notes import VerifierKey
from waxell.ledger.models import Checkpoint, Log, LogKey, Sealer, SealQueueItem, Stream, Witness
from waxell.ledger.queries import checkpoints, cosignatures, growth, sealing
from waxell.ledger.queries.cosignatures import Sight
from waxell.ledger.queries.growth import Point
from waxell.ledger.queries.observations import LATE_SECONDS
from waxell.ledger.queries.sealing import Lag

NEWEST: Final = 5
KEYS_SHOWN: Final = 20
LOGS_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Entries and streams of one project; `unsealed` is capped."""

    entries: int
    closed: int
    open: int
    addenda: int
    unsealed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """Whether what is written gets sealed, and until when everything was.

    `said` is what the sealer last said of itself, None where none ever ran; `alarms` are witnesses
    that remember another history.
    """

    lag: Lag
    said: Sealer | None
    sealed_at: datetime | None
    alarms: tuple[Witness, ...] = ()

    @property
    def stopped(self) -> bool:
        return self.said is not None and self.said.state == Sealer.State.STOPPED

    @property
    def late(self) -> bool:
        return self.lag.seconds > LATE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedKey:
    """A key that signs seals, and since when."""

    key: VerifierKey
    announced_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LogShown:
    """A log, how much it holds, and whether a recovery opened it."""

    log: Log
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessShown:
    """A witness of the newest log: how it last answered, and what it has signed, None before it did."""

    witness: Witness
    sight: Sight | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the whole installation has signed: for auditors. Numbers of entries and nothing else of any project."""

    newest: tuple[Checkpoint, ...]
    growth: tuple[Point, ...]
    keys: tuple[AnnouncedKey, ...]
    logs: tuple[LogShown, ...]
    witnesses: tuple[WitnessShown, ...]


def count(project_id: UUID) -> Counts:
    """Return the counts. A stream's head says how many entries it has, so no entry is counted."""
    runs = Execution.objects.filter(project_id=project_id).aggregate(
        entries=Sum("seq"),
        live=Count("id", filter=Q(state__in=LIVE)),
        many=Count("id"),
    )
    streams = Stream.objects.filter(project_id=project_id).aggregate(
        entries=Sum("seq"), addenda=Count("id", filter=Q(kind=Stream.Kind.ADDENDA))
    )
    return Counts(
        entries=(runs["entries"] or 0) + (streams["entries"] or 0),
        closed=runs["many"] - runs["live"],
        open=runs["live"],
        addenda=streams["addenda"],
        unsealed=capped(SealQueueItem.objects.filter(project_id=project_id)),
    )


def look_at_sealing() -> Sealing:
    """Return how sealing does."""
    newest = checkpoints.newest()
    return Sealing(
        lag=sealing.lag(),
        said=sealing.sealer(),
        sealed_at=newest.signed_at if newest else None,
        alarms=tuple(cosignatures.alarms()),
    )


def evidence() -> Evidence:
    """Return the newest seals, how the log grew, its keys, and the logs before it."""
    newest = tuple(checkpoints.of()[:NEWEST])
    heads = Checkpoint.objects.filter(log=OuterRef("number")).order_by("-size").values("size")[:1]
    logs = Log.objects.annotate(size=Subquery(heads)).order_by("-number")
    return Evidence(
        newest=newest,
        growth=growth.of(newest[0]) if newest else (),
        keys=tuple(
            AnnouncedKey(key=VerifierKey.parse(row.vkey), announced_at=row.announced_at)
            for row in LogKey.objects.order_by("-announced_at", "vkey")[:KEYS_SHOWN]
        ),
        logs=tuple(LogShown(log=log, size=log.size or 0) for log in logs[:LOGS_SHOWN]),
        witnesses=_witnesses(newest[0].log) if newest else (),
    )


def _witnesses(log: int) -> tuple[WitnessShown, ...]:
    sights = {sight.vkey: sight for sight in cosignatures.sights(log)}
    return tuple(WitnessShown(witness=row, sight=sights.get(row.vkey)) for row in cosignatures.witnesses(log))
