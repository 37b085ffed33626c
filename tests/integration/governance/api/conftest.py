from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from governance.models import Project
from tests.factories import make_key, make_project


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def api() -> Callable[[str], APIClient]:
    """A client that sends a key."""

    def client(plain: str, **headers: Any) -> APIClient:
        return APIClient(headers={"Authorization": f"Bearer {plain}", **headers})

    return client


@pytest.fixture
def governor(project: Project, api: Callable[[str], APIClient]) -> APIClient:
    """A client with a key that the project's owner answers for."""
    return api(make_key(project).plain)
