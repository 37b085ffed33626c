"""Telling one webhook of the whole installation about published checkpoints: another place where they are kept."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from waxell.ledger.domain.entries import name_digest
from waxell.ledger.models import Checkpoint, Log
from waxell.lib.db.calls import call_one
from waxell.outbox.domain import events
from waxell.outbox.domain.events import Event
from waxell.outbox.models import Cursor, Destination
from waxell.outbox.models.destinations import INSTALLATION
from waxell.outbox.services import destinations, posting

SLUG: Final = "checkpoints"


def follow_settings() -> Destination | None:
    """Make the destination what the settings say; returns it, None where they name none.

    Raises AddressInvalid, MalformedSecret.
    """
    url, secret = settings.WAXELL_CHECKPOINT_WEBHOOK, settings.WAXELL_CHECKPOINT_WEBHOOK_SECRET
    known = Destination.objects.filter(project_id=INSTALLATION, slug=SLUG).first()
    if not url:
        if known is not None and known.enabled:
            destinations.change(known, enabled=False)
        return None
    if known is not None and destinations.is_at(known, url, secret):
        if not known.enabled:
            destinations.change(known, enabled=True)
        return known
    if known is not None:
        known.delete()
    made, _ = destinations.make(
        project_id=INSTALLATION, slug=SLUG, kind=Destination.Kind.WEBHOOK, address=url, secret=secret
    )
    return made


def tell_newest(destination: Destination) -> bool:
    """Post the newest published checkpoint, at most one in each interval of the settings; True where one was posted.

    The newest commits to all before it, so those in between need not be told.
    """
    with transaction.atomic():
        Cursor.objects.bulk_create([Cursor()], ignore_conflicts=True)
        cursor = Cursor.objects.select_for_update().get()
        newest = Checkpoint.objects.filter(published_at__isnull=False).order_by("-log", "-size").first()
        now: datetime = call_one("SELECT clock_timestamp() AS now").now
        if newest is None or newest.signed_at == cursor.checkpoint_at or not _is_time(cursor, now):
            return False
        posting.post([_event(newest, destination)], [destination])
        cursor.checkpoint_at, cursor.checkpoint_told_at = newest.signed_at, now
        cursor.save(update_fields=["checkpoint_at", "checkpoint_told_at"])
    return True


def _is_time(cursor: Cursor, now: datetime) -> bool:
    interval = timedelta(seconds=settings.WAXELL_CHECKPOINT_WEBHOOK_SECONDS)
    return cursor.checkpoint_told_at is None or now >= cursor.checkpoint_told_at + interval


def _event(checkpoint: Checkpoint, destination: Destination) -> Event:
    origin = Log.objects.values_list("origin", flat=True).get(number=checkpoint.log)
    return Event(
        id=f"checkpoint/{checkpoint.log}/{checkpoint.size}",
        type=events.CHECKPOINT,
        project=INSTALLATION,
        # The first one told is older than the destination.
        at=max(checkpoint.signed_at, destination.created_at),
        title=f"Checkpoint of {origin} at {checkpoint.size} entries",
        data={
            "log": checkpoint.log,
            "origin": origin,
            "size": checkpoint.size,
            "root": name_digest(checkpoint.root),
            "note": checkpoint.note,
        },
    )
