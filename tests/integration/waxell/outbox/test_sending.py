"""Messages go out until they arrive, each under one id."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from standardwebhooks import Webhook

from governance.models import Project
from tests.factories import make_project
from tests.factories.executions import at_once
from tests.outbox import make_destination, make_due, send_due
from tests.servers.receivers import Mailbox, Receiver, receiving
from waxell.lib.ids import uuid7
from waxell.outbox.domain import retries
from waxell.outbox.domain.events import Event
from waxell.outbox.models import Destination, Message
from waxell.outbox.services import destinations, posting, sending

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project() -> Project:
    return make_project()


def post(destination: Destination, **values: Any) -> Message:
    """One event for one destination."""
    identity = str(uuid7())
    given = {"type": "key.created", "at": destination.created_at, "title": "A key was issued", **values}
    posting.post([Event(id=identity, project=destination.project_id, **given)], [destination])
    return Message.objects.get(event_id=identity)


def test_a_message_arrives_signed_so_that_the_independent_library_accepts_it(
    project: Project, receiver: Receiver, settings: Any
) -> None:
    settings.WAXELL_PUBLIC_URL = "https://waxell.example.com"
    destination, secret = make_destination(project, receiver.url)
    message = post(destination, path="/p/x/", data={"key": "ab"})
    send_due()

    (got,) = receiver.got
    document = Webhook(secret).verify(got.body, got.headers)
    assert document["type"] == "key.created"
    assert document["data"] == {
        "key": "ab",
        "title": "A key was issued",
        "lines": [],
        "url": "https://waxell.example.com/p/x/",
    }
    assert got.headers["webhook-id"] == f"msg_{message.pk.hex}"
    assert got.headers["content-type"] == "application/json"
    message.refresh_from_db()
    assert (message.state, message.status, message.attempts) == ("delivered", 204, 1)
    assert message.delivered_at is not None


def test_after_a_new_secret_both_fit_for_a_day(project: Project, receiver: Receiver) -> None:
    destination, old = make_destination(project, receiver.url)
    new = destinations.renew_secret(destination)
    post(destination)
    send_due()
    for secret in (old, new):
        Webhook(secret).verify(receiver.got[0].body, receiver.got[0].headers)

    Destination.objects.update(old_secret_until=Now())
    post(destination)
    send_due()
    assert len(receiver.got[1].headers["webhook-signature"].split()) == 1
    Webhook(new).verify(receiver.got[1].body, receiver.got[1].headers)


def test_a_refused_message_comes_again_later_under_the_same_id(project: Project, receiver: Receiver) -> None:
    destination, _ = make_destination(project, receiver.url)
    message = post(destination)
    receiver.status = 500
    send_due()
    message.refresh_from_db()
    assert (message.state, message.status, message.problem) == ("pending", 500, "Answered 500.")
    assert Message.objects.filter(due_at__gt=Now() + timedelta(seconds=5)).exists()
    send_due()
    assert len(receiver.got) == 1

    make_due()
    receiver.status = 200
    send_due()
    message.refresh_from_db()
    assert (message.state, message.attempts, message.problem) == ("delivered", 2, "")
    assert len(set(receiver.names)) == 1
    assert receiver.got[0].body == receiver.got[1].body


def test_after_the_last_attempt_it_is_given_up_and_can_be_sent_again(project: Project, receiver: Receiver) -> None:
    destination, _ = make_destination(project, receiver.url)
    message = post(destination)
    receiver.status = 503
    for _ in range(retries.MOST_ATTEMPTS + 2):
        make_due()
        send_due()
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("given_up", retries.MOST_ATTEMPTS)
    assert len(receiver.got) == retries.MOST_ATTEMPTS

    receiver.status = 200
    posting.send_again(message)
    send_due()
    message.refresh_from_db()
    assert message.state == "delivered"
    assert len(set(receiver.names)) == 1


def test_a_receiver_that_is_gone_is_not_asked_again(project: Project, receiver: Receiver) -> None:
    destination, _ = make_destination(project, receiver.url)
    message = post(destination)
    receiver.status = 410
    send_due()
    message.refresh_from_db()
    assert (message.state, message.status) == ("given_up", 410)


def test_a_receiver_may_ask_for_patience(project: Project, receiver: Receiver) -> None:
    destination, _ = make_destination(project, receiver.url)
    message = post(destination)
    receiver.status, receiver.answer_headers = 429, {"Retry-After": "1200"}
    send_due()
    assert Message.objects.filter(pk=message.pk, due_at__gt=Now() + timedelta(seconds=1100)).exists()


def test_a_destination_that_takes_nothing_holds_up_nobody_else(project: Project, receiver: Receiver) -> None:
    with receiving() as stuck:
        stuck.open.clear()
        slow, _ = make_destination(project, stuck.url)
        quick, _ = make_destination(project, receiver.url)
        for _ in range(10):
            post(slow)
            post(quick)
        sender = sending.Sender()
        while len(receiver.got) < 10:
            sender.perform()
            sender.wait(0.2)
        assert len(stuck.got) == 1
        stuck.open.set()
        sender.finish(5)
    assert Message.objects.filter(destination=quick, state="delivered").count() >= 9


def test_of_two_senders_only_one_takes_a_message(project: Project, receiver: Receiver) -> None:
    for _ in range(10):
        post(make_destination(project, receiver.url)[0])

    outcomes = at_once([lambda: sending.take(limit=5) for _ in range(6)])

    taken = [parcel.message for parcels in outcomes for parcel in parcels]  # type: ignore[union-attr]
    assert len(taken) == len(set(taken)) == 10


def test_a_message_whose_sender_died_is_due_again_soon(project: Project, receiver: Receiver) -> None:
    message = post(make_destination(project, receiver.url)[0])
    assert [parcel.message for parcel in sending.take()] == [message.pk]
    assert sending.take() == []
    assert Message.objects.filter(state="pending", due_at__lte=Now() + timedelta(seconds=61)).count() == 1
    make_due()
    send_due()
    assert receiver.names == [message.name]


def test_nothing_goes_to_a_destination_that_is_switched_off(project: Project, receiver: Receiver) -> None:
    destination, _ = make_destination(project, receiver.url)
    message = post(destination)
    destinations.change(destination, enabled=False)
    send_due()
    message.refresh_from_db()
    assert (message.state, message.problem) == ("given_up", destinations.SWITCHED_OFF)
    assert receiver.got == []


def test_a_message_for_slack_speaks_its_language(project: Project, receiver: Receiver) -> None:
    destination, secret = make_destination(project, receiver.url, kind="slack")
    assert secret == ""
    assert destination.shown_address.endswith("/…")
    receiver.status, receiver.answer_body = 200, b"ok"
    post(destination, title="Scout <waits>", lines=("A person must agree.",))
    send_due()

    body = json.loads(receiver.got[0].body)
    assert body["text"] == "Scout &lt;waits&gt;\nA person must agree."
    assert [block["type"] for block in body["blocks"]] == ["header", "section"]
    assert "webhook-signature" not in receiver.got[0].headers


class TestByMail:
    def test_a_mail_arrives_with_one_id_for_all_attempts(
        self, project: Project, mailbox: Mailbox, settings: Any
    ) -> None:
        settings.DEFAULT_FROM_EMAIL = "Waxell <waxell@example.com>"
        destination, _ = make_destination(project, "ops@example.org", kind="email")
        message = post(destination, title="Scout waits\r\nBcc: eve@example.org", lines=("A person must agree.",))
        mailbox.refusal = "451 later"
        send_due()
        message.refresh_from_db()
        assert (message.state, message.problem) == ("pending", "The mail server answered 451.")

        mailbox.refusal = ""
        make_due()
        send_due()
        ((recipients, mail),) = mailbox.got
        assert recipients == ["ops@example.org"]
        assert mail["Subject"] == "Scout waits Bcc: eve@example.org"
        assert mail["Bcc"] is None
        assert mail["From"] == "Waxell <waxell@example.com>"
        assert mail["Message-ID"] == f"<{message.name}@example.com>"
        assert "A person must agree." in mail.get_content()
        message.refresh_from_db()
        assert (message.state, message.status) == ("delivered", None)

    def test_a_server_that_is_away_is_tried_again(self, project: Project, mailbox: Mailbox, settings: Any) -> None:
        destination, _ = make_destination(project, "ops@example.org", kind="email")
        message = post(destination)
        options = {**settings.MAILERS["default"]["OPTIONS"], "port": 1}
        settings.MAILERS = {"default": {**settings.MAILERS["default"], "OPTIONS": options}}
        send_due()
        message.refresh_from_db()
        assert (message.state, message.problem) == ("pending", "The mail server failed: ConnectionRefusedError.")


def test_an_address_under_a_lost_key_is_said_to_be_lost(project: Project, receiver: Receiver, settings: Any) -> None:
    message = post(make_destination(project, receiver.url)[0])
    settings.SECRET_KEY = "another key, long enough for anybody's taste"
    send_due()
    message.refresh_from_db()
    assert message.state == "pending"
    assert "secret key has changed" in message.problem


def test_old_messages_that_ended_are_forgotten(project: Project, receiver: Receiver) -> None:
    destination, _ = make_destination(project, receiver.url)
    done, waiting, young = post(destination), post(destination), post(destination)
    long_ago = Now() - timedelta(days=sending.KEPT_DAYS, hours=1)
    Message.objects.filter(pk__in=[done.pk, waiting.pk]).update(created_at=long_ago)
    Message.objects.filter(pk__in=[done.pk, young.pk]).update(state="delivered")

    assert sending.forget_old() == 1
    assert set(Message.objects.values_list("pk", flat=True)) == {waiting.pk, young.pk}
