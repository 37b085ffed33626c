from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.models import Project
from tests.factories import make_project
from tests.sealing.fixtures import ground
from tests.sealing.ground import Ground
from tests.witness.process import Running, Watcher

__all__ = ["ground"]


@pytest.fixture
def project(ground: Ground) -> Project:
    return make_project()


@pytest.fixture
def watcher(tmp_path: Path) -> Watcher:
    return Watcher.make(tmp_path / "witness")


@pytest.fixture
def running(ground: Ground, watcher: Watcher, settings: Any) -> Iterator[Running]:
    """A witness at work in a process of its own, which the sealer of this process asks."""
    settings.WAXELL_PUBLISH_DIR = ground.published
    settings.WAXELL_LEDGER_KEY_FILE = ground.keys.path
    with watcher.serving(ground.keys.current().verifier) as serving:
        settings.WAXELL_WITNESSES = [watcher.setting(serving)]
        yield serving
