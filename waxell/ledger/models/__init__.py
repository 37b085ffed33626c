"""Everything the ledger keeps. Import models from here."""

from waxell.ledger.models.entries import Entry, Payload, SealQueueItem
from waxell.ledger.models.erasures import Erasure
from waxell.ledger.models.sealing import Checkpoint, FullTile, Leaf, Log, LogKey, Sealer
from waxell.ledger.models.streams import Stream
from waxell.ledger.models.witnesses import Cosignature, Witness

__all__ = [
    "Checkpoint",
    "Cosignature",
    "Entry",
    "Erasure",
    "FullTile",
    "Leaf",
    "Log",
    "LogKey",
    "Payload",
    "SealQueueItem",
    "Sealer",
    "Stream",
    "Witness",
]
