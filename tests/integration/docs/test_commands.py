"""The documentation's commands as a reader types them, against a running server."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from executions.models import Execution
from governance.models import Agent, Budget, KillOrder, Policy, Project
from governance.queries import keys
from tests.factories import make_agent, make_key, make_person, make_project

ROOT = Path(__file__).parents[3]
# A refused call ends the script; without this curl is content with any answer.
STRICT = 'set -eu\ncurl() { command curl --fail-with-body "$@"; }\n'


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a page, without their fences."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def agent(transactional_db: None) -> Agent:
    return make_agent(make_project(make_person("Alice")), "first-agent")


@pytest.fixture
def clone(agent: Agent, live_server: Any, tmp_path: Path) -> Path:
    """A directory where `make run` seems to be running."""
    own = {"agent": make_key(agent.project, agent).plain}
    own["govern"] = make_key(agent.project, scopes=("govern", "read")).plain
    (tmp_path / ".waxell").mkdir()
    (tmp_path / ".waxell" / "ready.json").write_text(json.dumps({"url": live_server.url, "keys": own}))
    return tmp_path


def run(clone: Path, *command: str) -> str:
    done = subprocess.run(
        command, cwd=clone, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_curl(clone: Path, live_server: Any, script: str) -> str:
    assert shutil.which("curl"), "these tests need curl"
    return run(clone, "sh", "-c", STRICT + script.replace("http://localhost:8000", live_server.url))


def test_readme_python_leaves_a_closed_record(clone: Path, agent: Agent) -> None:
    (program,) = blocks("README.md", "python")

    output = run(clone, sys.executable, "-c", program)

    assert output.startswith("allow []")
    assert list(Execution.objects.values_list("agent__slug", "state", "actions")) == [("first-agent", "completed", 1)]


def test_readme_curl_starts_an_execution(clone: Path, live_server: Any) -> None:
    (script,) = (block for block in blocks("README.md", "sh") if "curl" in block)

    answer = json.loads(run_curl(clone, live_server, script))

    assert (answer["state"], answer["lease"]["fence"]) == ("running", 1)


def test_rest_guide_works_from_top_to_bottom(clone: Path, live_server: Any, agent: Agent) -> None:
    run_curl(clone, live_server, "\n".join(blocks("docs/reference/rest.md", "sh")))

    assert sorted(Execution.objects.values_list("state", flat=True)) == ["completed", "running"]
    assert Policy.objects.get(slug="mail").versions.count() == 1
    assert Budget.objects.get().slug == "a-dollar-a-day"
    assert KillOrder.objects.get().scope_value == "mail.send"


def test_production_guide_makes_a_project_and_a_key_that_governs(
    transactional_db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    programs = re.findall(r"manage\.py shell -c '\n(.*?)'", "\n".join(blocks("docs/production.md", "sh")), re.DOTALL)

    for program in programs:
        exec(program, {})  # noqa: S102 (our own documentation)

    issued = keys.authenticate(capsys.readouterr().out.strip())
    assert len(programs) == 2
    assert (issued.project, issued.scopes) == (Project.objects.get(slug="production"), ["govern", "read"])
