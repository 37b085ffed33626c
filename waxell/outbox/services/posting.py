"""Putting events into the outbox: one message for each destination that wants it, exactly once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from waxell.lib.db.calls import call_one
from waxell.lib.ids import uuid7
from waxell.outbox.domain import events
from waxell.outbox.domain.events import Event
from waxell.outbox.models import Destination, Message


def post(happened: Iterable[Event], destinations: Sequence[Destination]) -> int:
    """Make the messages of some events; returns how many were looked for. Those that are there already stay.

    A destination hears of what happened after it was made.
    """
    wanted = [
        _message(event, destination)
        for event in happened
        for destination in destinations
        if destination.project_id == event.project
        and event.at >= destination.created_at
        and _is_for(event, destination)
    ]
    Message.objects.bulk_create(wanted, ignore_conflicts=True, batch_size=500)
    return len(wanted)


def post_test(destination: Destination, *, project: str, path: str) -> Message:
    """Put a message into the outbox that only says that it works, for a destination that is tried at once."""
    Destination.objects.filter(pk=destination.pk).update(failures=0, rests_until=None)
    identity = uuid7()
    now: datetime = call_one("SELECT clock_timestamp() AS now").now
    event = Event(
        id=f"test/{identity}",
        type=events.TEST,
        project=destination.project_id,
        at=now,
        title="A test message from Waxell",
        lines=("If you can read this, messages of this project arrive here.",),
        path=path,
        data={"project": project, "destination": destination.slug},
    )
    made = _message(event, destination, id=identity)
    made.save(force_insert=True)
    return made


def send_again(message: Message) -> None:
    """Put a message that has ended on its way again, under its old id, with all attempts before it."""
    Message.objects.filter(pk=message.pk).exclude(state=Message.State.PENDING).update(
        state=Message.State.PENDING, attempts=0, due_at=Now(), problem="", status=None
    )
    Destination.objects.filter(pk=message.destination_id).update(failures=0, rests_until=None)


def receivers() -> QuerySet[Destination]:
    """Return the destinations that are switched on."""
    return Destination.objects.filter(enabled=True).order_by("id")


def parsed(body: bytes | memoryview) -> dict[str, Any]:
    """Return a message's body as parsed JSON."""
    document: dict[str, Any] = orjson.loads(bytes(body))
    return document


def _is_for(event: Event, destination: Destination) -> bool:
    """Whole records go where traces are taken, and everything else to people and webhooks."""
    if destination.kind == Destination.Kind.OTLP:
        return event.type == events.RECORD
    return event.type != events.RECORD and (not destination.events or event.type in destination.events)


def _message(event: Event, destination: Destination, **values: Any) -> Message:
    return Message(
        destination=destination,
        event_id=event.id,
        type=event.type,
        title=events.one_line(event.title, events.MOST_TITLE),
        body=events.compose(event, site=settings.WAXELL_PUBLIC_URL),
        **values,
    )
