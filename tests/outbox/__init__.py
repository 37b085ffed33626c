"""What tests of the outbox share: receivers that settings allow, destinations, and sending what is due."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.functions import Now

from governance.models import Project
from tests.factories.governance import owner_of
from tests.servers.receivers import Mailbox, Receiver, mail_server, receiving
from waxell.lib.mail_server import mailers
from waxell.outbox.models import Destination, Message
from waxell.outbox.services import destinations
from waxell.outbox.services.sending import Sender

__all__ = ["mailbox", "make_destination", "make_due", "owner_of", "receiver", "send_due"]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A webhook on this machine, which the settings allow."""
    settings.WAXELL_OUTBOX_ALLOW = ["127.0.0.1"]
    with receiving() as made:
        yield made


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """The mail server of this installation."""
    with mail_server() as made:
        settings.WAXELL_SMTP_URL = f"smtp+plain://127.0.0.1:{made.port}"
        settings.MAILERS = mailers(settings.WAXELL_SMTP_URL)
        yield made


def make_destination(project: Project, url: str, **values: Any) -> tuple[Destination, str]:
    """A webhook of a project, and its secret."""
    number = Destination.objects.count() + 1
    given = {"slug": f"destination-{number}", "kind": Destination.Kind.WEBHOOK, **values}
    made, secret = destinations.make(project_id=project.pk, address=url, **given)
    return made, secret or ""


def make_due() -> None:
    """Let as much time pass as any message or destination waits for."""
    Message.objects.filter(state=Message.State.PENDING).update(due_at=Now())
    Destination.objects.update(rests_until=None)


def send_due(seconds: float = 20) -> None:
    """Send until nothing is due and nothing under way."""
    sender = Sender()
    until = time.monotonic() + seconds
    while sender.perform() or sender.under_way:
        assert time.monotonic() < until
        sender.wait(0.2)
    sender.finish(1)
