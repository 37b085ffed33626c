from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from django.db import connection, connections

from executions.queries.invariants import check_invariants
from governance.models import Project
from tests.factories import make_project
from tests.faults.crashes.points import Rows, Wire
from tests.faults.crashes.scenes import furnish
from tests.plugin.server import TestServer


@pytest.fixture
def project(transactional_db: None) -> Iterator[Project]:
    """A project with rules and budgets; after the test every invariant holds."""
    made = make_project()
    furnish(made)
    yield made
    assert check_invariants() == []


@pytest.fixture
def rows(database_server: TestServer, project: Project) -> Iterator[Rows]:
    """The points inside PostgreSQL, in this test's database."""
    address = replace(database_server.cluster.superuser(), name=connection.settings_dict["NAME"])
    with psycopg.connect(address.conninfo(), autocommit=True) as superuser:
        points = Rows(superuser)
        points.install()
        try:
            yield points
        finally:
            connection.close()
            points.remove()


@pytest.fixture
def wire(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """The way to PostgreSQL leads over a socket that can be cut."""
    login = connections["default"].settings_dict
    kept = login["HOST"]
    directory: Path = tmp_path_factory.mktemp("wire")
    made = Wire(directory, kept, str(login["PORT"] or "5432"))
    connection.close()
    login["HOST"] = str(directory)
    try:
        yield made
    finally:
        connection.close()
        login["HOST"] = kept
        made.close()
