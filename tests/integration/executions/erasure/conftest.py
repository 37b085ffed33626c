"""A project where an execution has ended that acted for Zoe, and people with and without the right to erase."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from governance.domain.actors import Actor
from governance.models import Membership, Person, Project
from governance.services import rights
from tests.factories import make_key, make_person, make_project, make_tool
from tests.factories.executions import Run, start
from tests.factories.governance import owner_of

type Join = Callable[[Membership.Role], Person]


@pytest.fixture
def project(db: None) -> Project:
    made = make_project()
    make_tool(made, "search")
    return made


@pytest.fixture
def actor(project: Project) -> Actor:
    return Actor(person=owner_of(project).pk)


@pytest.fixture
def run(project: Project) -> Run:
    """Ended: an input, arguments, a result."""
    return ended(project)


@pytest.fixture
def join(project: Project, actor: Actor) -> Join:
    """Lets somebody into the project, with a role."""

    def admit(role: Membership.Role) -> Person:
        person = make_person("Bob")
        rights.grant_role(project=project, person=person, role=role, actor=actor)
        return person

    return admit


@pytest.fixture
def owner(project: Project) -> APIClient:
    """The API with a key that the project's owner answers for."""
    return client(make_key(project).plain)


def client(plain: str) -> APIClient:
    return APIClient(headers={"Authorization": f"Bearer {plain}"})


def ended(project: Project, *, end_user: str | None = "Zoe Example") -> Run:
    run = start(project, input={"who": "Zoe"}, end_user=end_user)
    seq = run.ask("search", args={"q": "Zoe's diagnosis"}).body["seq"]
    run.report(seq, output={"found": "flu"})
    run.close()
    return run
