from collections.abc import Iterator

import pytest

from executions.queries.invariants import check_invariants
from governance.models import Project
from tests.factories import make_project


@pytest.fixture(autouse=True)
def books_and_ledger_hold(transactional_db: None) -> Iterator[None]:
    """Whatever a test did, everything that must always be true is true after it."""
    yield
    assert check_invariants() == []


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project()
