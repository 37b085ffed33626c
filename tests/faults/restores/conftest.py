from pathlib import Path
from typing import Any

import pytest

from governance.models import Project
from tests.factories import make_project
from tests.factories.executions import Run, start
from tests.sealing.fixtures import ground
from tests.sealing.ground import Ground

__all__ = ["ground"]


@pytest.fixture
def project(ground: Ground) -> Project:
    return make_project()


@pytest.fixture(autouse=True)
def at_home(ground: Ground, settings: Any) -> Path:
    """What the commands find when they are called in this process."""
    settings.WAXELL_PUBLISH_DIR = ground.published
    settings.WAXELL_LEDGER_KEY_FILE = ground.keys.path
    return ground.path


@pytest.fixture
def run(ground: Ground, project: Project) -> Run:
    made = start(project, input="hello")
    made.ask("search", args={"q": "x"})
    made.close()
    return made
