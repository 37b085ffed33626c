"""The distribution: old Pythons, one dependency, types, and nothing of the server's."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import waxell_client

CLIENT = Path(__file__).parents[3] / "client"
SOURCE = CLIENT / "src" / "waxell_client"
MODULES = sorted(SOURCE.glob("*.py"))
PROJECT = tomllib.loads((CLIENT / "pyproject.toml").read_text())


def imported(module: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_modules_parse_on_python_3_10_and_need_httpx_only(module: Path) -> None:
    ast.parse(module.read_text(encoding="utf-8"), feature_version=(3, 10))

    assert imported(module) - sys.stdlib_module_names <= {"httpx", "waxell_client"}


def test_the_distribution_says_so() -> None:
    project = PROJECT["project"]

    assert project["requires-python"] == ">=3.10"
    assert [one.partition(">")[0] for one in project["dependencies"]] == ["httpx"]
    assert PROJECT["tool"]["ruff"]["target-version"] == "py310"
    assert (SOURCE / "py.typed").exists()


def test_types_are_strict_for_the_oldest_python(tmp_path: Path) -> None:
    mypy = [sys.executable, "-m", "mypy", "--config-file", str(CLIENT / "pyproject.toml"), "--cache-dir", str(tmp_path)]
    done = subprocess.run(mypy, capture_output=True, text=True, check=False, cwd=CLIENT, env=dict(os.environ))

    assert (PROJECT["tool"]["mypy"]["strict"], PROJECT["tool"]["mypy"]["python_version"]) == (True, "3.10")
    assert done.returncode == 0, done.stdout


def test_what_is_public_is_there_and_documented() -> None:
    missing = [name for name in waxell_client.__all__ if not (getattr(waxell_client, name).__doc__ or "").strip()]

    assert missing == []
