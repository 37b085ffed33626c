"""Fixtures; a folder's conftest names those it wants."""

from pathlib import Path

import pytest

from tests.plugin.server import TestServer
from tests.sealing.ground import Ground


@pytest.fixture
def ground(database_server: TestServer, transactional_db: None, tmp_path: Path) -> Ground:
    """Where a sealer finds its key and publishes, and the key."""
    made = Ground(server=database_server, path=tmp_path)
    made.keys.create("ledger.test")
    return made
