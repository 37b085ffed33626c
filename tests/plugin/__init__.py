"""A pytest plugin (`-p tests.plugin`): a PostgreSQL of its own for each test run, and the app's role for each test.

Migrations run as the owner, tests as the application role, so that a test sees what the product would see.
The server starts with the first test that needs a database; unit tests never wait for it.
"""

from collections.abc import Generator

import pytest

from tests.plugin import flush
from tests.plugin.server import TestServer

SERVER = pytest.StashKey[TestServer]()


# A wrapper runs before pytest-django's own hook, which loads the settings.
@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    server = TestServer.plan()
    server.announce()
    early_config.stash[SERVER] = server
    yield


def pytest_configure(config: pytest.Config) -> None:
    flush.replace(config.stash[SERVER])


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVER in config.stash:
        config.stash[SERVER].close()


# Before pytest-xdist reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run beside each other, those with processes share one stack, and files stay whole."""
    for item in items:
        together = item.get_closest_marker("process") or "stack" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("processes" if together else item.nodeid.partition("::")[0]))


@pytest.fixture(scope="session")
def database_server(request: pytest.FixtureRequest) -> TestServer:
    """The running server of this test run; starts it if no test did yet."""
    server = request.config.stash[SERVER]
    server.start()
    return server
