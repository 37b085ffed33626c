"""Every address asks who is there. Those that do not are listed, each with its reason."""

from typing import Any, Final

import pytest
from django.test import Client

from executions.models import Execution
from governance.domain.actors import Actor
from governance.models import KillOrder, Membership, Project
from governance.services import rights
from tests.factories import make_person, make_project
from tests.factories.addresses import PROJECT, ROUTES, fill, furnish
from tests.factories.governance import owner_of
from waxell.ledger.models import Entry

pytestmark = pytest.mark.django_db

PUBLIC: Final[dict[str, str]] = {
    "healthz": "liveness: a probe has no account, and it says nothing but ok",
    "readyz": "readiness: a load balancer has no account; states and ages, no names",
    "metrics": "Prometheus: numbers of the whole installation, to be closed off by the proxy",
    "api_schema": "the REST contract, the same for everybody",
    "api_reference": "the REST contract, for reading",
    "ledger_verifier": "the program that checks bundles, the same for everybody",
    "style_page": "components on made-up data",
    "sign_in": "the door itself",
    "sign_out": "leaves, and needs nobody to be there",
}
BESIDE_PROJECTS: Final[dict[str, str]] = {
    "home": "leads each person to a project of their own",
    "project_new": "whoever is signed in may open a project",
    "password_change": "one's own password",
}
READS: Final = frozenset({"policy_check", "policy_format", "what_if"})
"""Calls by POST that change nothing."""

GUARDED: Final = [(route, name) for route, name in ROUTES if name not in PUBLIC]
IN_PROJECT: Final = [(route, name) for route, name in ROUTES if route.startswith(PROJECT)]


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
    """One of everything that an address can name, by the name of the parameter."""
    return furnish(project)


def _written() -> tuple[int, int, list[str]]:
    return Entry.objects.count(), KillOrder.objects.count(), list(Execution.objects.values_list("state", flat=True))


def test_lists_name_addresses_that_exist() -> None:
    names = {name for _, name in ROUTES}
    assert set(PUBLIC) | set(BESIDE_PROJECTS) | READS <= names
    assert len(GUARDED) > 90


def test_every_address_is_in_a_project_or_of_the_api_or_listed() -> None:
    elsewhere = [
        name for route, name in GUARDED if not route.startswith((PROJECT, "api/v1/")) and name not in BESIDE_PROJECTS
    ]
    assert elsewhere == []


def test_nobody_is_let_in(client: Client, things: dict[str, str]) -> None:
    before = _written()
    let_in = {}
    for route, _ in GUARDED:
        address = fill(route, things)
        answers = [client.get(address), client.post(address, {})]
        for answer in answers:
            asked = answer.status_code == 302 and answer["Location"].startswith("/sign-in/")
            if not asked and answer.status_code not in (401, 404, 405):
                let_in[address] = answer.status_code
        if {answer.status_code for answer in answers} == {405}:
            let_in[address] = 405
    assert let_in == {}
    assert _written() == before


def test_a_stranger_meets_nothing(client: Client, things: dict[str, str]) -> None:
    stranger = make_person("Mallory")
    make_project(stranger)
    client.force_login(stranger)
    before = _written()

    met = {}
    for route, _ in IN_PROJECT:
        address = fill(route, things)
        answers = {client.get(address).status_code, client.post(address, {}).status_code}
        if not (404 in answers and answers <= {404, 405}):
            met[address] = answers

    assert met == {}
    assert _written() == before


def test_a_thing_of_another_project_is_not_found_through_ones_own(client: Client, things: dict[str, str]) -> None:
    stranger = make_person("Mallory")
    own = make_project(stranger)
    client.force_login(stranger)
    before = _written()

    met = {}
    for route, name in IN_PROJECT:
        # Templates of rules are everybody's.
        if route.replace("<slug:template>", "").count("<") < 2:
            continue
        address = fill(route, {**things, "slug": own.slug})
        answers = {client.get(address).status_code, client.post(address, {}).status_code}
        if not (404 in answers and answers <= {404, 405}):
            met[name] = answers

    assert met == {}
    assert _written() == before


def test_a_viewer_changes_nothing(client: Client, project: Project, things: dict[str, str]) -> None:
    viewer = make_person("Victor")
    rights.grant_role(project=project, person=viewer, role=Membership.Role.VIEWER, actor=Actor(system="test"))
    client.force_login(viewer)
    before = _written()

    done = {}
    for route, name in IN_PROJECT:
        status = client.post(fill(route, things), {}).status_code
        if name not in READS and status not in (403, 404, 405):
            done[name] = status

    assert done == {}
    assert _written() == before


def test_the_session_of_a_person_is_no_key(client: Client, project: Project, things: dict[str, str]) -> None:
    client.force_login(owner_of(project))

    api = [fill(route, things) for route, _ in GUARDED if route.startswith("api/v1/")]

    assert len(api) > 40
    taken = {}
    for address in api:
        answers = {client.get(address).status_code, client.post(address, {}).status_code}
        if not (401 in answers and answers <= {401, 405}):
            taken[address] = answers
    assert taken == {}
