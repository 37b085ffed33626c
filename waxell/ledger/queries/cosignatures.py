"""What witnesses elsewhere have cosigned, and whether one of them contradicts this database."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max, QuerySet

from waxell.ledger.domain import cosignatures
from waxell.ledger.models import Checkpoint, Cosignature, Leaf, Witness
from waxell.ledger.queries import checkpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Up to how many leaves of a log a witness saw it grow, and when it said so by its own clock."""

    name: str
    vkey: str
    size: int
    cosigned_at: datetime


def of(log: int, size: int) -> QuerySet[Cosignature]:
    """Return the cosignatures of one checkpoint, by the witnesses' names."""
    return Cosignature.objects.filter(log=log, size=size).order_by("name", "vkey")


def note(checkpoint: Checkpoint) -> str:
    """Return a checkpoint's note with the lines of all who cosigned it."""
    return cosignatures.with_lines(checkpoint.note, of(checkpoint.log, checkpoint.size).values_list("line", flat=True))


def witnessed_size(log: int) -> int:
    """Return how many leaves of a log a witness has seen: those before it are *witnessed elsewhere*. 0 for none."""
    found: int | None = Cosignature.objects.filter(log=log).aggregate(size=Max("size"))["size"]
    return found or 0


def newest(log: int) -> Checkpoint | None:
    """Return the newest checkpoint of a log that anybody cosigned."""
    size = witnessed_size(log)
    return checkpoints.of(log).filter(size=size).first() if size else None


def sights(log: int) -> list[Sight]:
    """Return the newest cosignature of each witness of a log, by name."""
    newest_first = Cosignature.objects.filter(log=log).order_by("name", "vkey", "-size").distinct("name", "vkey")
    return [
        Sight(name=one.name, vkey=one.vkey, size=one.size, cosigned_at=one.cosigned_at)
        for one in newest_first.iterator()
    ]


def is_witnessed(stream: UUID, seq: int) -> bool:
    """Tell whether a witness has cosigned a checkpoint that covers this entry."""
    leaf = Leaf.objects.filter(stream=stream, seq=seq).first()
    return leaf is not None and leaf.index < witnessed_size(leaf.log)


def unpublished(log: int) -> QuerySet[Checkpoint]:
    """Return the checkpoints of a log that left the database before all their cosignatures did, the oldest first."""
    sizes = Cosignature.objects.filter(log=log, published_at=None).values("size")
    return checkpoints.of(log).filter(size__in=sizes, published_at__isnull=False).order_by("size")


def witnesses(log: int | None = None) -> QuerySet[Witness]:
    """Return how each witness last answered about a log (the newest unless told otherwise), but those retired."""
    if log is None:
        grows = checkpoints.newest_log()
        log = grows.number if grows else 0
    return Witness.objects.filter(log=log).exclude(state=Witness.State.RETIRED).order_by("name", "vkey")


def alarms() -> QuerySet[Witness]:
    """Return the witnesses that have seen another history of the newest log than this database holds."""
    return witnesses().filter(state=Witness.State.ALARM)
