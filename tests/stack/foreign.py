"""Other people's programs, each group in an environment of its own; `make test` makes them (see .ci/foreign)."""

import os
from pathlib import Path

import pytest

from tests.process.local_run import ROOT


def python_of(name: str) -> str:
    """The interpreter of `.venv-NAME`. Without it the test is skipped, but fails where CI runs it."""
    python = ROOT / f".venv-{name}" / "bin" / "python"
    if not python.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{python} is not there: `make foreign` makes it")
        pytest.skip(f"needs .venv-{name}: `make foreign` makes it")
    return str(python)


def program_of(name: str, program: str) -> str:
    """A program that an environment brings: `program_of("litellm", "litellm")`."""
    return str(Path(python_of(name)).parent / program)
