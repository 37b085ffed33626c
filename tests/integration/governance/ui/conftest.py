"""A project as its people see it: each has a browser of their own."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from governance.domain.actors import Actor
from governance.models import Person, Project
from governance.services import rights
from tests.factories import make_person, make_project


@pytest.fixture(autouse=True)
def _unhashed_static_files(settings: Any) -> None:
    """Pages name static files without a manifest: nothing was collected for a test."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture
def alice(db: None) -> Person:
    """The owner."""
    return make_person("Alice")


@pytest.fixture
def project(alice: Person) -> Project:
    return make_project(alice)


@pytest.fixture
def owner(project: Project, alice: Person) -> Client:
    return _browser(alice)


@pytest.fixture
def member(project: Project, alice: Person) -> Callable[[str], Client]:
    """The browser of somebody with one role."""

    def make(role: str) -> Client:
        person = make_person("Bob")
        rights.grant_role(project=project, person=person, role=role, actor=Actor(person=alice.pk))
        return _browser(person)

    return make


@pytest.fixture
def stranger(project: Project) -> Client:
    """Somebody who owns another project."""
    charlie = make_person("Charlie")
    make_project(charlie)
    return _browser(charlie)


def _browser(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client
