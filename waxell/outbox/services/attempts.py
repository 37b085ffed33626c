"""One attempt to get a message to its destination, whatever its kind."""

import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson

from waxell.outbox.domain import otlp, signatures, texts
from waxell.outbox.domain.addresses import Allowed
from waxell.outbox.models import Destination
from waxell.outbox.services.carriers import Arrived, NotCarried
from waxell.outbox.services.destinations import Target
from waxell.outbox.services.posting import parsed

TRACE_SECONDS: Final = 30.0
"""No request of a trace begins later: with the last one's own time the message is still in this sender's hands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Everything one attempt needs. `timestamp` is in seconds since 1970, `attempts` counts this one.

    `requests` is what a collector is sent instead of `body`, one after the other.
    """

    message: UUID
    destination: UUID
    name: str
    title: str
    body: bytes
    requests: tuple[bytes, ...] = ()
    target: Target
    timestamp: int
    attempts: int


def carry(parcel: Parcel, *, allowed: Allowed) -> Arrived | NotCarried:
    """Send one parcel and return what became of it. Runs in a thread and uses no database."""
    try:
        return _carry(parcel, allowed)
    except NotCarried as failure:
        return failure


def _carry(parcel: Parcel, allowed: Allowed) -> Arrived:
    # The clients load only where something is sent, not in each web process that can make a destination.
    if parcel.target.kind == Destination.Kind.EMAIL:
        from waxell.outbox.services.carriers.mails import mail

        text = texts.plain(parsed(parcel.body))
        return mail(parcel.target.address, subject=parcel.title, text=text, name=parcel.name)
    from waxell.outbox.services.carriers.posts import post

    if parcel.target.kind == Destination.Kind.SLACK:
        content = orjson.dumps(texts.slack(parsed(parcel.body)))
        return post(parcel.target.address, content=content, headers={}, allowed=allowed)
    if parcel.target.kind == Destination.Kind.OTLP:
        return _tell_collector(parcel, allowed)
    headers = signatures.headers(
        message=parcel.name, timestamp=parcel.timestamp, body=parcel.body, secrets=parcel.target.secrets
    )
    return post(parcel.target.address, content=parcel.body, headers=headers, allowed=allowed)


def _tell_collector(parcel: Parcel, allowed: Allowed) -> Arrived:
    """Send every request of a trace. One that failed in the middle begins again: collectors know spans by their ids."""
    from waxell.outbox.services.carriers.posts import post

    until = time.monotonic() + TRACE_SECONDS
    headers = dict(otlp.read_header(secret) for secret in parcel.target.secrets)
    for request in parcel.requests:
        if time.monotonic() > until:
            raise NotCarried(f"The trace was not taken within {TRACE_SECONDS:.0f} seconds.")
        arrived = post(parcel.target.address, content=request, headers=headers, allowed=allowed)
    return arrived
