"""One attempt to get a message to its destination, whatever its kind."""

from dataclasses import dataclass
from uuid import UUID

import orjson

from waxell.outbox.domain import signatures, texts
from waxell.outbox.domain.addresses import Allowed
from waxell.outbox.models import Destination
from waxell.outbox.services.carriers import Arrived, NotCarried
from waxell.outbox.services.destinations import Target
from waxell.outbox.services.posting import parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Everything one attempt needs. `timestamp` is in seconds since 1970, `attempts` counts this one."""

    message: UUID
    destination: UUID
    name: str
    title: str
    body: bytes
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
    headers = signatures.headers(
        message=parcel.name, timestamp=parcel.timestamp, body=parcel.body, secrets=parcel.target.secrets
    )
    return post(parcel.target.address, content=parcel.body, headers=headers, allowed=allowed)
