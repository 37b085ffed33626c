"""Every snippet of the pages on ways in, as a program of its own against a running server."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from executions.models import Execution
from governance.models import Project
from tests.factories import make_agent, make_key, make_person, make_project

ROOT = Path(__file__).parents[3]
PAGES = ("docs/ways-in/python.md", "docs/ways-in/when-waxell-is-down.md", "client/README.md")
CLIENT = ROOT / "client" / "src"


def snippets(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


ALL = [pytest.param(text, id=f"{page}-{number}") for page in PAGES for number, text in enumerate(snippets(page), 1)]


@pytest.fixture
def project(transactional_db: None) -> Project:
    project = make_project(make_person("Alice"))
    make_agent(project, "helper")
    return project


@pytest.mark.parametrize("snippet", ALL)
def test_snippet_runs_and_leaves_closed_records(
    live_server: Any, project: Project, tmp_path: Path, snippet: str
) -> None:
    key = make_key(project, make_agent(project)).plain
    environ = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(CLIENT), "WAXELL_URL": live_server.url, "WAXELL_API_KEY": key,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", snippet],
        env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    rows = list(Execution.objects.values_list("state", "unresolved"))
    assert rows == [("completed", 0)] * len(rows)
    assert rows or "wxk_nobody_there" in snippet


def test_the_pages_have_snippets() -> None:
    assert len(ALL) >= 10


def test_the_table_of_arguments_is_the_clients() -> None:
    import inspect

    from waxell_client import Client

    page = (ROOT / "docs/ways-in/python.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(\w+)` \| [^|]+ \| ", page.split("## One client")[1], re.MULTILINE))
    taken = set(inspect.signature(Client).parameters) - {"url", "api_key", "transport"}

    assert documented == taken
