"""A project with an agent that acted, and a draft to try on what it did."""

from collections.abc import Callable
from typing import Any

import pytest

from governance.models import Policy, Project
from tests.factories import make_policy, make_project, make_tool
from tests.factories.executions import Run, start


@pytest.fixture
def project() -> Project:
    made = make_project()
    make_tool(made, "mail")
    make_tool(made, "search")
    return made


@pytest.fixture
def draft(project: Project) -> Callable[..., Policy]:
    """Makes a draft that was never published."""

    def make(text: str, **values: Any) -> Policy:
        return make_policy(project, text, publish=False, **values)

    return make


@pytest.fixture
def run(project: Project) -> Run:
    """An execution that began; that was its first decision."""
    return start(project)
