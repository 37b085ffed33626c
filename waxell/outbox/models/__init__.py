"""Everything the outbox keeps. Import models from here."""

from waxell.outbox.models.cursors import Cursor
from waxell.outbox.models.destinations import Destination
from waxell.outbox.models.messages import Message

__all__ = ["Cursor", "Destination", "Message"]
