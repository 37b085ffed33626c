"""The examples as a newcomer runs them: programs of their own against a running server."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from executions.models import Execution
from governance.models import Project, Window
from tests.factories import make_agent, make_budget, make_key, make_person, make_policy, make_project, make_tool
from tests.servers import openai_stub

EXAMPLES = Path(__file__).parents[3] / "examples"
CLIENT = EXAMPLES.parent / "client" / "src"
NOT_SECRET = """
@id("no-secrets") @message("Secrets are not read.") @effect("deny")
forbid (principal, action == Action::"tool.call/files.read", resource)
when { context.args.file like "secret*" };
"""
FILE = {"type": "object", "properties": {"file": {"type": "string"}}, "required": ["file"]}


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project(make_person("Alice"))


def run(live_server: Any, project: Project, script: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    key = make_key(project, make_agent(project)).plain
    environ = {
        "PATH": os.environ["PATH"],
        "WAXELL_URL": live_server.url,
        "WAXELL_KEY": key,
        "WAXELL_API_KEY": key,
        **more,
    }
    command = [sys.executable, str(EXAMPLES / script), *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


def test_the_plain_agent_obeys_and_closes(live_server: Any, project: Project, tmp_path: Path) -> None:
    make_tool(project, "files.read", schema=FILE)
    make_policy(project, NOT_SECRET)
    (tmp_path / "open.py").write_text("a = 1\nb = 2\n")
    (tmp_path / "secret.py").write_text("token = 3\n")
    done = run(live_server, project, "rest_agent.py", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "left out secret.py: files.read: Secrets are not read." in done.stdout
    assert "2 lines in 1 files" in done.stdout
    row = Execution.objects.get()
    assert (row.state, row.tool_calls, row.refusals, row.unresolved) == ("completed", 2, 1, 0)


def test_the_client_agent_obeys_and_closes(live_server: Any, project: Project, tmp_path: Path) -> None:
    make_tool(project, "files.read", schema=FILE)
    make_policy(project, NOT_SECRET)
    (tmp_path / "open.py").write_text("a = 1\nb = 2\n")
    (tmp_path / "secret.py").write_text("token = 3\n")
    done = run(live_server, project, "client_agent.py", str(tmp_path), PYTHONPATH=str(CLIENT))
    assert done.returncode == 0, done.stderr
    assert "left out secret.py: files.read was refused: Secrets are not read." in done.stdout
    assert "2 lines in 1 files" in done.stdout
    row = Execution.objects.get()
    assert (row.state, row.tool_calls, row.refusals, row.unresolved) == ("completed", 2, 1, 0)


def test_the_model_agent_meets_its_dollar(live_server: Any, project: Project) -> None:
    make_budget(project, unit="usd", limit=1_000_000, default_reservation=100_000, period="day")
    # A model of one's own, which no price list knows: what the agent says it cost is what counts.
    prices = ("--model", "house-model", "--max-tokens", "1000", "--price-in", "0", "--price-out", "100")
    with openai_stub.serve(tokens_out=500) as stub:
        done = run(live_server, project, "model_agent.py", "--questions", "50", *prices, OPENAI_BASE_URL=stub.url)
    assert done.returncode == 3, done.stderr
    # Each call reserves ten cents and costs five: after nineteen there are only five cents left.
    assert len(stub.asked) == 19
    window = Window.objects.get()
    assert (window.spent, window.reserved, window.overrun) == (950_000, 0, 0)
    assert Execution.objects.get().state == "halted"
