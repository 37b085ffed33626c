"""Destinations of a project's messages: who made and changed them is on the project's record.

The entry names kind, host and events. The address is a payload beside it: it may be a person's, and
of a Slack-compatible one only the host is told at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.urls import reverse

from governance.domain.actors import Actor
from governance.models import Project
from governance.services import names
from governance.services.recording import record
from waxell.outbox.models import Destination, Message
from waxell.outbox.services import destinations, posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A destination, and the secret that signs its messages: shown this once, None where nothing is signed."""

    destination: Destination
    secret: str | None = field(repr=False)


def create(
    *,
    project: Project,
    actor: Actor,
    slug: str,
    kind: str,
    address: str,
    events: Iterable[str] = (),
    header: str = "",
) -> Made:
    """Make a destination. Raises NameTaken, AddressInvalid, HeaderInvalid, EventUnknown."""
    with names.unique(slug):
        destination, secret = destinations.make(
            project_id=project.pk, slug=slug, kind=kind, address=address, events=events, header=header
        )
        _record(destination, actor, "destination.created", addressed=True)
    return Made(destination=destination, secret=secret)


def change(
    *,
    destination: Destination,
    actor: Actor,
    address: str | None = None,
    events: Iterable[str] | None = None,
    enabled: bool | None = None,
) -> Destination:
    """Change what is given; switched off, it gives up what is on its way. Raises AddressInvalid, EventUnknown."""
    with transaction.atomic():
        destinations.change(destination, address=address, events=events, enabled=enabled)
        _record(destination, actor, "destination.changed", addressed=address is not None)
    return destination


def renew_secret(*, destination: Destination, actor: Actor) -> Made:
    """Give a webhook a new secret; for a day the old one signs beside it. Raises NotSigned."""
    with transaction.atomic():
        secret = destinations.renew_secret(destination)
        _record(destination, actor, "destination.secret_renewed")
    return Made(destination=destination, secret=secret)


def remove(*, destination: Destination, actor: Actor) -> None:
    """Forget a destination, its address and its messages."""
    with transaction.atomic():
        _record(destination, actor, "destination.removed")
        destination.delete()


def test(*, destination: Destination, project: Project) -> Message:
    """Send a message that only says that it works."""
    path = reverse("governance:notification", args=[project.slug, destination.slug])
    return posting.post_test(destination, project=project.slug, path=path)


def _record(destination: Destination, actor: Actor, type: str, *, addressed: bool = False) -> None:
    payloads: Mapping[str, bytes] = {"address": destination.shown_address.encode()} if addressed else {}
    record(
        project_id=destination.project_id,
        actor=actor,
        type=type,
        members={
            "destination": destination.slug,
            "kind": str(destination.kind),
            "host": destinations.host_of(destination),
            "events": destination.events,
            "enabled": destination.enabled,
        },
        payloads=payloads,
    )
