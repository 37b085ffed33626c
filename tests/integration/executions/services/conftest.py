from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connections

from executions.queries.invariants import check_invariants
from governance.models import Project
from tests.factories import make_project
from tests.plugin.server import TestServer


@pytest.fixture(autouse=True)
def books_and_ledger_hold(transactional_db: None) -> Iterator[None]:
    """Whatever a test did, everything that must always be true is true after it."""
    yield
    assert check_invariants() == []


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project()


@pytest.fixture
def owner(transactional_db: None, database_server: TestServer) -> Iterator[psycopg.Connection[Any]]:
    """A session of the role that owns the tables: what an operator with psql can do."""
    name = connections["default"].settings_dict["NAME"]
    with psycopg.connect(database_server.address("owner", name=name).conninfo(), autocommit=True) as session:
        yield session
