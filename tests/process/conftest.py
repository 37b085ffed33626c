"""One Waxell as `make run` starts it, with nothing that tests set, for all of this folder."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.browser.conftest import browser
from tests.process.local_run import LocalRun

__all__ = ["browser"]


@pytest.fixture(scope="package")
def home() -> Iterator[Path]:
    # Not pytest's own directory: its path may be longer than a socket's may be.
    path = Path(tempfile.mkdtemp(prefix="wxup-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="package")
def running(home: Path) -> Iterator[LocalRun]:
    run = LocalRun(home=home).start()
    run.wait_until_ready()
    yield run
    run.stop()
