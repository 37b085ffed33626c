"""Logs, their checkpoints, and the keys that sign them."""

from django.db.models import QuerySet

from waxell.ledger.domain.notes import VerifierKey
from waxell.ledger.models import Checkpoint, Log, LogKey


def newest_log() -> Log | None:
    """Return the log that grows, None before the sealer has opened the first."""
    return Log.objects.order_by("-number").first()


def newest(log: int | None = None) -> Checkpoint | None:
    """Return the newest checkpoint of a log, of the newest log unless told otherwise."""
    return of(log).first()


def of(log: int | None = None) -> QuerySet[Checkpoint]:
    """Return a log's checkpoints, the newest first; those of all logs unless told otherwise."""
    found = Checkpoint.objects.order_by("-log", "-size")
    return found if log is None else found.filter(log=log)


def unpublished(log: int) -> QuerySet[Checkpoint]:
    """Return the checkpoints of a log that have not left the database, the oldest first."""
    return Checkpoint.objects.filter(log=log, published_at=None).order_by("size")


def keys() -> tuple[VerifierKey, ...]:
    """Return every key that ever signed or was announced, the oldest first."""
    announced = LogKey.objects.order_by("announced_at", "vkey").values_list("vkey", flat=True)
    return tuple(map(VerifierKey.parse, announced))


def key_text() -> str:
    """Return the keys as auditors are given them: one a line, the oldest first."""
    return "".join(f"{key}\n" for key in keys())
