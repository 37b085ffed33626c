"""Which role does what in a test run; fixtures of single rooms live beside their tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.plugin import flush
from tests.plugin.server import TestServer


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_server: TestServer) -> None:
    """The owner creates the test database and migrates it."""
    database_server.become("owner")


@pytest.fixture(scope="session")
def django_db_setup(database_server: TestServer, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Tests run as the application role; the owner comes back to drop the database."""
    with django_db_blocker.unblock():
        flush.note_seeded(database_server)
        database_server.become("app")
    yield
    with django_db_blocker.unblock():
        database_server.become("owner")
