"""Making, changing and removing destinations. Who may, and that it is on record, is the caller's to see to."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from waxell.lib import encrypting
from waxell.lib.db.calls import call_one
from waxell.lib.errors import Conflict, Invalid
from waxell.outbox import sources
from waxell.outbox.domain import addresses, otlp, signatures
from waxell.outbox.domain.addresses import Allowed, ForbiddenAddress, MalformedAddress
from waxell.outbox.domain.otlp import MalformedHeader
from waxell.outbox.models import Destination, Message

OLD_SECRET_SIGNS_FOR: Final = timedelta(hours=24)
PURPOSE: Final = "outbox"
SWITCHED_OFF: Final = "The destination was switched off."


class AddressInvalid(Invalid):
    """Messages cannot go to this address."""

    code = "address_invalid"


class EventUnknown(Invalid):
    """There is no such event."""

    code = "event_unknown"


class HeaderInvalid(Invalid):
    """Only a collector is sent a header of its own."""

    code = "header_invalid"


class NotSigned(Conflict):
    """Only messages to a webhook are signed: this destination has no secret."""

    code = "not_signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to and how: decrypted, for one attempt. The secret in force comes first."""

    kind: str
    address: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def allowed() -> Allowed:
    """Return what the settings say of hosts and networks inside the house."""
    return Allowed.parse(settings.WAXELL_OUTBOX_ALLOW)


def make(
    *,
    project_id: UUID,
    slug: str,
    kind: str,
    address: str,
    events: Iterable[str] = (),
    secret: str | None = None,
    header: str = "",
) -> tuple[Destination, str | None]:
    """Make a destination; returns it with its secret, which is shown this once: None where nothing is signed.

    A webhook gets a secret of its own unless one is given; with an empty one it is not signed. `header`,
    `Name: value`, is sent to a collector with each trace. Raises AddressInvalid, HeaderInvalid,
    EventUnknown, MalformedSecret, and IntegrityError `destination_slug_unique`.
    """
    plain = (_new_secret() if secret is None else secret or None) if kind == Destination.Kind.WEBHOOK else None
    if plain is not None:
        signatures.read_secret(plain)
    sent = _checked_header(header, kind)
    made = Destination(project_id=project_id, slug=slug, kind=kind, events=_checked_events(events, kind))
    _set_address(made, address)
    made.secret = _encrypted(plain or sent)
    made.save()
    made.refresh_from_db(fields=["created_at"])
    return made, plain


def change(
    destination: Destination,
    *,
    address: str | None = None,
    events: Iterable[str] | None = None,
    enabled: bool | None = None,
) -> None:
    """Change what is given. Switching off gives up what is on its way. Raises AddressInvalid, EventUnknown."""
    if address is not None:
        _set_address(destination, address)
    if events is not None:
        destination.events = _checked_events(events, destination.kind)
    if enabled is not None:
        destination.enabled = enabled
    destination.failures, destination.rests_until = 0, None
    fields = ["address", "shown_address", "events", "enabled", "failures", "rests_until"]
    destination.save(update_fields=fields)
    if enabled is False:
        waiting = Message.objects.filter(destination=destination, state=Message.State.PENDING)
        waiting.update(state=Message.State.GIVEN_UP, problem=SWITCHED_OFF)


def renew_secret(destination: Destination) -> str:
    """Give a webhook a new secret and return it; the old one signs beside it for a day. Raises NotSigned."""
    if destination.kind != Destination.Kind.WEBHOOK:
        raise NotSigned()
    plain = _new_secret()
    now: datetime = call_one("SELECT clock_timestamp() AS now").now
    destination.old_secret, destination.old_secret_until = destination.secret, now + OLD_SECRET_SIGNS_FOR
    destination.secret = _encrypted(plain)
    destination.save(update_fields=["secret", "old_secret", "old_secret_until"])
    return plain


def target(destination: Destination, *, now: datetime) -> Target:
    """Return what an attempt at `now` needs. Raises encrypting.Unreadable."""
    old_signs = destination.old_secret_until is not None and destination.old_secret_until > now
    kept = [destination.secret, destination.old_secret if old_signs else None]
    return Target(
        kind=destination.kind,
        address=encrypting.decrypt(destination.address, purpose=PURPOSE),
        secrets=tuple(encrypting.decrypt(one, purpose=PURPOSE) for one in kept if one is not None),
    )


def is_at(destination: Destination, address: str, secret: str) -> bool:
    """Tell whether a destination has this address and this secret, empty for none."""
    try:
        kept = encrypting.decrypt(destination.address, purpose=PURPOSE)
        signs = encrypting.decrypt(destination.secret, purpose=PURPOSE) if destination.secret is not None else ""
    except encrypting.Unreadable:
        return False
    return (kept, signs) == (address, secret)


def _set_address(destination: Destination, address: str) -> None:
    if destination.kind == Destination.Kind.OTLP:
        address = otlp.endpoint(address)
    destination.shown_address = _checked_address(destination.kind, address)
    destination.address = encrypting.encrypt(address, purpose=PURPOSE)


def _checked_address(kind: str, address: str) -> str:
    """Return the address as it may be shown to whoever sees the project."""
    if kind == Destination.Kind.EMAIL:
        if not settings.WAXELL_SMTP_URL:
            raise AddressInvalid("This installation sends no e-mail: WAXELL_SMTP_URL names no server.")
        try:
            validate_email(address)
        except ValidationError as error:
            raise AddressInvalid("This is no e-mail address.") from error
        return address
    try:
        parts = addresses.read_url(address, allowed=allowed(), insecure=settings.INSECURE)
    except (MalformedAddress, ForbiddenAddress) as error:
        raise AddressInvalid(str(error)) from error
    # The path of such an address is all it takes to post there.
    return f"{parts.scheme}://{parts.netloc}/…" if kind == Destination.Kind.SLACK else addresses.shown(parts)


def host_of(destination: Destination) -> str:
    """Return the part of an address that is no secret and names no person: the host, or the mail domain."""
    if destination.kind == Destination.Kind.EMAIL:
        return destination.shown_address.rpartition("@")[2]
    return urlsplit(destination.shown_address).netloc


def _checked_header(header: str, kind: str) -> str | None:
    if not header:
        return None
    if kind != Destination.Kind.OTLP:
        raise HeaderInvalid()
    try:
        otlp.read_header(header)
    except MalformedHeader as error:
        raise HeaderInvalid(str(error)) from error
    return header


def _checked_events(events: Iterable[str], kind: str) -> list[str]:
    wanted = sorted(set(events))
    if wanted and kind == Destination.Kind.OTLP:
        raise EventUnknown("A collector takes the trace of every execution: name no events.")
    if unknown := [name for name in wanted if name not in sources.topics()]:
        raise EventUnknown(f"There is no event {unknown[0][:63]}.")
    return wanted


def _new_secret() -> str:
    return signatures.write_secret(secrets.token_bytes(signatures.SECRET_BYTES))


def _encrypted(plain: str | None) -> bytes | None:
    return None if plain is None else encrypting.encrypt(plain, purpose=PURPOSE)
