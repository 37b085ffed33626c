"""The snippets of docs/ways-in/mcp.md, as a program and a rule of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import make_policy
from tests.journeys.mcp.conftest import Behind, Scene
from tests.process.local_run import ROOT

pytestmark = pytest.mark.process

PAGE = (ROOT / "docs" / "ways-in" / "mcp.md").read_text(encoding="utf-8")


def snippet(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return found


def run(scene: Scene, place: Path) -> str:
    environ = {
        "PATH": os.environ["PATH"], "WAXELL_MCP_URL": scene.gateway, "WAXELL_API_KEY": scene.bench.scout.key or "",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", snippet("python")],
        env=environ, cwd=place, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_client_is_answered_and_refused(scene: Scene, clock: Behind, tmp_path: Path) -> None:
    assert '"timezone": "UTC"' in run(scene, tmp_path)

    make_policy(
        scene.bench.project,
        '@id("no") @message("Not now.") @effect("deny") forbid (principal, action in Action::"tool.call", resource);',
    )
    assert "Not now." in run(scene, tmp_path)


def test_the_rule_can_be_put_in_force(scene: Scene) -> None:
    make_policy(scene.bench.project, snippet("cedar"))


def test_the_bridges_line_is_that_of_the_command() -> None:
    [line] = re.findall(r"^\.venv/bin/python manage\.py mcp_bridge (.*)$", PAGE, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "mcp_bridge", *line.split()],
        env={"PATH": "/nowhere"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    # Its arguments are understood: what is missing here is the server's own program.
    assert "There is no program uvx." in done.stderr
