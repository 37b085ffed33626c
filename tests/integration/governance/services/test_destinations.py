"""Destinations: who made and changed them is on record, and what is secret in them is not."""

from typing import Any

import orjson
import pytest
from django.db import connection

from governance.domain.actors import Actor
from governance.models import Project
from governance.services import destinations
from governance.services.names import NameTaken
from tests.factories import make_project
from tests.factories.governance import owner_of
from waxell.ledger.models import Entry, Payload
from waxell.outbox.models import Destination, Message
from waxell.outbox.services.destinations import AddressInvalid, EventUnknown, NotSigned

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.com/waxell?token=tea"


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def by(project: Project) -> Actor:
    return Actor(person=owner_of(project).pk)


def make(project: Project, by: Actor, **values: Any) -> destinations.Made:
    given = {"slug": "pager", "kind": "webhook", "address": URL, **values}
    return destinations.create(project=project, actor=by, **given)


def recorded(project: Project) -> list[dict[str, Any]]:
    found = Entry.objects.filter(project_id=project.pk, type__startswith="destination.").order_by("seq")
    return [orjson.loads(bytes(entry.body)) for entry in found]


def test_every_change_is_an_entry_of_the_project(project: Project, by: Actor) -> None:
    destination = make(project, by, events=["key.created"]).destination
    destinations.change(destination=destination, actor=by, events=[])
    destinations.change(destination=destination, actor=by, address="https://elsewhere.example.com/", enabled=False)
    destinations.renew_secret(destination=destination, actor=by)
    destinations.remove(destination=destination, actor=by)

    entries = recorded(project)
    assert [(entry["type"], entry["host"], entry["events"], entry["enabled"]) for entry in entries] == [
        ("destination.created", "hooks.example.com", ["key.created"], True),
        ("destination.changed", "hooks.example.com", [], True),
        ("destination.changed", "elsewhere.example.com", [], False),
        ("destination.secret_renewed", "elsewhere.example.com", [], False),
        ("destination.removed", "elsewhere.example.com", [], False),
    ]
    assert all(entry["actor"] == by.document() and entry["destination"] == "pager" for entry in entries)
    addresses = Payload.objects.filter(project_id=project.pk, name="address").order_by("seq")
    assert [bytes(one.content) for one in addresses] == [
        b"https://hooks.example.com/waxell?\xe2\x80\xa6",
        b"https://elsewhere.example.com/",
    ]
    assert not Destination.objects.exists()


def test_removing_takes_the_messages_along(project: Project, by: Actor) -> None:
    destination = make(project, by).destination
    destinations.test(destination=destination, project=project)
    destinations.remove(destination=destination, actor=by)
    assert not Message.objects.exists()


def test_nothing_secret_is_readable_in_the_database(project: Project, by: Actor) -> None:
    made = make(project, by)
    slack = "https://hooks.slack.com/services/T000/B000/capability"
    make(project, by, slug="chat", kind="slack", address=slack)
    with connection.cursor() as cursor:
        for table in ("outbox_destination", "ledger_entry", "ledger_payload"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")  # noqa: S608
            text = str(cursor.fetchone()[0])
            for secret in (made.secret, "token=tea", "T000", "capability"):
                assert secret is not None
                assert secret not in text
                assert secret.encode().hex() not in text


def test_only_the_host_of_a_slack_address_is_recorded(project: Project, by: Actor) -> None:
    make(project, by, kind="slack", address="https://hooks.slack.com/services/T000/B000/x")
    assert recorded(project)[0]["host"] == "hooks.slack.com"
    assert bytes(Payload.objects.get(name="address").content).decode() == "https://hooks.slack.com/…"


def test_the_address_of_a_person_is_not_in_the_entry(project: Project, by: Actor, settings: Any) -> None:
    settings.WAXELL_SMTP_URL = "smtp://mail.example.com"
    made = make(project, by, kind="email", address="alice@example.org")
    assert made.secret is None
    assert "alice" not in orjson.dumps(recorded(project)[0]).decode()
    assert bytes(Payload.objects.get(name="address").content) == b"alice@example.org"


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", "http://hooks.example.com/"),
        ("webhook", "https://127.0.0.1/"),
        ("webhook", "https://[::1]/"),
        ("slack", "https://169.254.169.254/latest"),
        ("webhook", "alice@example.org"),
        ("email", "https://hooks.example.com/"),
        ("email", "alice@example.org\nbob@example.org"),
    ],
)
def test_addresses_that_cannot_be_used_are_refused_at_once(
    project: Project, by: Actor, settings: Any, kind: str, address: str
) -> None:
    settings.INSECURE = False
    settings.WAXELL_SMTP_URL = "smtp://mail.example.com"
    with pytest.raises(AddressInvalid):
        make(project, by, kind=kind, address=address)
    assert recorded(project) == []


def test_without_a_mail_server_there_is_no_mail(project: Project, by: Actor) -> None:
    with pytest.raises(AddressInvalid, match="sends no e-mail"):
        make(project, by, kind="email", address="alice@example.org")


def test_a_name_is_taken_once_in_a_project(project: Project, by: Actor) -> None:
    make(project, by)
    with pytest.raises(NameTaken):
        make(project, by)
    other = make_project()
    make(other, Actor(person=owner_of(other).pk))


def test_events_are_those_that_there_are(project: Project, by: Actor) -> None:
    with pytest.raises(EventUnknown):
        make(project, by, events=["weather.changed"])
    destination = make(project, by).destination
    with pytest.raises(EventUnknown):
        destinations.change(destination=destination, actor=by, events=["checkpoint.published"])
    assert len(recorded(project)) == 1


def test_only_a_webhook_has_a_secret(project: Project, by: Actor) -> None:
    destination = make(project, by, kind="slack").destination
    with pytest.raises(NotSigned):
        destinations.renew_secret(destination=destination, actor=by)
