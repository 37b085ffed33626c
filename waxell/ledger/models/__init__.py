"""Everything the ledger keeps. Import models from here."""

from waxell.ledger.models.entries import Entry, Payload, SealQueueItem
from waxell.ledger.models.streams import Stream

__all__ = ["Entry", "Payload", "SealQueueItem", "Stream"]
