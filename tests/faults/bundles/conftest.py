import pytest

from governance.models import Project
from tests.factories import make_project
from tests.factories.sealing import seal

__all__ = ["project", "seal"]


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project()
