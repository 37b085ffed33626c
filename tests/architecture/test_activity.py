"""Every change that a person makes in the console is an entry that names them."""

from typing import Any, Final

import orjson
import pytest
from django.test import Client

from governance.domain.actors import Actor
from governance.models import Person, Project
from governance.services import rights
from tests.architecture.console_posts import IN_GOVERNANCE, IN_THE_RECORD, ONCE_SEALED, WITHOUT_ENTRY
from tests.factories import make_project
from tests.factories.addresses import PROJECT, ROUTES, fill, furnish
from tests.factories.executions import start
from tests.factories.governance import make_person, owner_of
from tests.factories.sealing import Seal, seal
from waxell.ledger.models import Entry

__all__ = ["seal"]

pytestmark = pytest.mark.django_db

BESIDE: Final = {"home", "sign_in", "sign_out", "password_change", "project_new"}
CONSOLE: Final = {name: route for route, name in ROUTES if route.startswith(PROJECT) or name in BESIDE}
LISTED: Final = [*IN_GOVERNANCE, *ONCE_SEALED, *IN_THE_RECORD, *WITHOUT_ENTRY]


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any) -> None:
    """Pages name static files whose hashed copies only an installation makes."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def things(project: Project) -> dict[str, str]:
    return furnish(project)


def done_by(person: Person, project: Project, stream: object) -> list[str]:
    """Types of the entries in a stream that name this person, the oldest first."""
    rows = Entry.objects.filter(project_id=project.pk, stream=stream).order_by("seq").values_list("type", "body")
    return [type for type, body in rows if orjson.loads(bytes(body)).get("actor", {}).get("person") == str(person.pk)]


def test_every_address_that_takes_a_post_is_listed_once(
    client: Client, project: Project, things: dict[str, str]
) -> None:
    client.force_login(owner_of(project))
    taken = [name for name, route in CONSOLE.items() if name not in LISTED]

    unlisted = {name for name in taken if client.post(fill(CONSOLE[name], things)).status_code != 405}

    assert unlisted == set()
    assert sorted(LISTED) == sorted(set(LISTED))
    assert set(LISTED) <= CONSOLE.keys()


@pytest.mark.parametrize("name", IN_GOVERNANCE)
def test_a_change_in_the_console_is_an_entry_that_activity_shows(
    client: Client, project: Project, things: dict[str, str], name: str
) -> None:
    person = owner_of(project)
    given = IN_GOVERNANCE[name](project, things)
    before = done_by(person, project, project.pk)
    client.force_login(person)

    answer = client.post(fill(CONSOLE[name], things), given)

    written = done_by(person, project, project.pk)[len(before) :]
    assert answer.status_code < 400, answer.text
    assert written != []
    shown = client.get(f"/p/{project.slug}/activity/").text
    # A type that the page has no words for would be shown as it is stored.
    assert [type for type in written if f'timeline__word">{type}' in shown] == []


@pytest.mark.parametrize("name", ONCE_SEALED)
@pytest.mark.django_db(transaction=True)
def test_evidence_that_is_handed_out_is_an_entry(seal: Seal, client: Client, name: str) -> None:
    project = make_project()
    run = start(project)
    run.close()
    seal()
    things = {"slug": project.slug, "execution_id": str(run.id)}

    client.force_login(owner_of(project))

    answer = client.post(fill(CONSOLE[name], things), ONCE_SEALED[name](project, things))

    assert answer.status_code == 200
    assert b"".join(answer).endswith(b"}\n")
    assert done_by(owner_of(project), project, project.pk)[-1] == "ledger.exported"


@pytest.mark.parametrize("name", IN_THE_RECORD)
def test_what_is_done_to_an_execution_is_in_its_record(
    client: Client, project: Project, things: dict[str, str], name: str
) -> None:
    person = make_person("Dora")
    rights.grant_role(project=project, person=person, role="owner", actor=Actor(system="test"))
    client.force_login(person)

    answer = client.post(fill(CONSOLE[name], things), IN_THE_RECORD[name](project, things))

    rows = Entry.objects.filter(project_id=project.pk, stream=things["execution_id"]).values_list("body", flat=True)
    assert answer.status_code < 400
    assert any(str(person.pk).encode() in bytes(body) for body in rows)
