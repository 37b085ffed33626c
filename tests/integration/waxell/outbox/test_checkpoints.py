"""One webhook of the installation is told of published checkpoints."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from standardwebhooks import Webhook

from governance.models import Project
from tests.factories import make_project
from tests.outbox import send_due
from tests.sealing.ground import Ground, write
from tests.servers.receivers import Receiver
from waxell.ledger.domain.checkpoints import open_checkpoint
from waxell.ledger.models import Checkpoint
from waxell.ledger.queries import checkpoints as published
from waxell.outbox.domain import signatures
from waxell.outbox.domain.signatures import MalformedSecret
from waxell.outbox.models import Cursor, Destination, Message
from waxell.outbox.models.destinations import INSTALLATION
from waxell.outbox.queries import deliveries
from waxell.outbox.services import checkpoints
from waxell.outbox.services.destinations import AddressInvalid

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = signatures.write_secret(bytes(range(32)))


@pytest.fixture
def project(ground: Ground) -> Project:
    return make_project()


@pytest.fixture
def configured(settings: Any, receiver: Receiver) -> Destination:
    settings.WAXELL_CHECKPOINT_WEBHOOK = receiver.url
    settings.WAXELL_CHECKPOINT_WEBHOOK_SECRET = SECRET
    made = checkpoints.follow_settings()
    assert made is not None
    return made


def test_the_newest_checkpoint_is_told_and_can_be_kept_as_proof(
    ground: Ground, project: Project, configured: Destination, receiver: Receiver
) -> None:
    write(project.pk, project.pk, 5)
    ground.seal()
    write(project.pk, project.pk, 5)
    ground.seal()

    assert checkpoints.tell_newest(configured)
    send_due()

    (got,) = receiver.got
    data = Webhook(SECRET).verify(got.body, got.headers)["data"]
    newest = published.newest()
    assert newest is not None
    assert (data["size"], data["note"], data["root"]) == (
        newest.size,
        newest.note,
        "sha256:" + bytes(newest.root).hex(),
    )
    assert open_checkpoint(data["note"], published.keys()).size == data["size"]


def test_at_most_one_is_told_in_each_interval_and_none_twice(
    ground: Ground, project: Project, configured: Destination
) -> None:
    write(project.pk, project.pk)
    ground.seal()
    assert checkpoints.tell_newest(configured)
    write(project.pk, project.pk)
    ground.seal()
    assert not checkpoints.tell_newest(configured)
    Cursor.objects.update(checkpoint_told_at=Now() - timedelta(seconds=61))
    assert checkpoints.tell_newest(configured)
    Cursor.objects.update(checkpoint_told_at=Now() - timedelta(seconds=61))
    assert not checkpoints.tell_newest(configured)
    sizes = [json.loads(bytes(message.body))["data"]["size"] for message in Message.objects.order_by("id")]
    assert len(sizes) == 2
    assert sizes == sorted(set(sizes))


def test_what_is_not_published_is_not_told(ground: Ground, project: Project, configured: Destination) -> None:
    write(project.pk, project.pk)
    ground.seal()
    with ground.owner() as owner:
        owner.execute("ALTER TABLE ledger_checkpoint DISABLE TRIGGER ledger_checkpoint_append_only")
        owner.execute("UPDATE ledger_checkpoint SET published_at = NULL")
        owner.execute("ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER ledger_checkpoint_append_only")
    assert Checkpoint.objects.exists()
    assert not checkpoints.tell_newest(configured)


def test_it_follows_the_settings(settings: Any, configured: Destination, receiver: Receiver) -> None:
    assert checkpoints.follow_settings() == configured
    settings.WAXELL_CHECKPOINT_WEBHOOK = receiver.url + "/elsewhere"
    moved = checkpoints.follow_settings()
    assert moved is not None
    assert moved.shown_address.endswith("/elsewhere")
    settings.WAXELL_CHECKPOINT_WEBHOOK = ""
    assert checkpoints.follow_settings() is None
    assert not Destination.objects.filter(enabled=True).exists()
    settings.WAXELL_CHECKPOINT_WEBHOOK = receiver.url + "/elsewhere"
    again = checkpoints.follow_settings()
    assert again is not None
    assert again.enabled
    assert Destination.objects.count() == 1


def test_without_a_secret_it_is_not_signed_and_a_bad_one_is_refused(settings: Any, receiver: Receiver) -> None:
    settings.WAXELL_CHECKPOINT_WEBHOOK = receiver.url
    made = checkpoints.follow_settings()
    assert made is not None
    assert made.secret is None
    settings.WAXELL_CHECKPOINT_WEBHOOK_SECRET = "whsec_short"
    with pytest.raises(MalformedSecret):
        checkpoints.follow_settings()


def test_it_goes_to_no_private_address_either(settings: Any) -> None:
    settings.WAXELL_CHECKPOINT_WEBHOOK = "https://10.0.0.1/"
    with pytest.raises(AddressInvalid):
        checkpoints.follow_settings()


def test_no_project_sees_it(project: Project, configured: Destination) -> None:
    assert configured.project_id == INSTALLATION
    assert not deliveries.destinations(project.pk).exists()
