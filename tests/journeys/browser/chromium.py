"""The system's Chromium, driven by Playwright, which brings no browser of its own here."""

import os
import shutil
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Playwright

EXECUTABLE: Final = Path(shutil.which("chromium") or "/usr/bin/chromium")
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def require() -> None:
    """Skip the test on a machine without Chromium; continuous integration has to have one."""
    if EXECUTABLE.exists():
        return
    if os.environ.get("CI"):
        pytest.fail(f"There is no {EXECUTABLE}: .ci/run installs it.")
    pytest.skip("There is no Chromium here.")


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=EXECUTABLE, args=list(FLAGS))
