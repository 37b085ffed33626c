"""The real client from PyPI, unmodified, in an environment and a home of its own."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from executions.models import Execution
from tests.factories import make_policy, make_tool, make_workflow
from tests.journeys.observe.conftest import Observer
from tests.stack.fixtures import Bench
from tests.stack.foreign import python_of

pytestmark = pytest.mark.process

PROGRAM = Path(__file__).parent / "programs" / "agent.py"
RULE = """@id("no") @message("Not this one.") @effect("{effect}")
forbid (principal, {what});"""


@pytest.fixture
def run_agent(bench: Bench, tmp_path: Path) -> Callable[[], Any]:
    """Runs the agent against this server, with nothing set but address and key."""
    python = python_of("observe")

    def run() -> Any:
        done = subprocess.run(
            [python, str(PROGRAM), "weather"],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "WAXELL_API_URL": bench.stack.ready["url"],
                "WAXELL_API_KEY": str(bench.scout.key),
                # It would look for a cloud around this machine.
                "WAXELL_REGION_DETECT": "0",
            },
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def newest(bench: Bench, observer: Observer) -> Any:
    row = Execution.objects.filter(project_id=bench.project.pk).latest("id")
    observer.run_id = str(row.pk)
    return observer.show()


def test_an_allowed_run_leaves_a_complete_record(
    bench: Bench, observer: Observer, run_agent: Callable[[], Any]
) -> None:
    assert run_agent() == {"returned": {"answer": 42}}

    shown = newest(bench, observer)
    assert (shown["state"], shown["vouched"], shown["workflow"]) == ("completed", "asked", "answer")
    assert (shown["counts"]["model_calls"], shown["counts"]["usd"]) == (1, "0.00027")
    actions = [entry["action"] for entry in observer.entries() if "action" in entry]
    asked = [action["resource"] for action in actions if action["kind"] == "tool.call"]
    assert asked == ["search"]
    assert observer.beside("scores")[0]["name"] == "quality"
    assert next(span["name"] for span in observer.beside("spans")) == "my-agent.answer"


def test_a_run_is_blocked_at_its_start(bench: Bench, observer: Observer, run_agent: Callable[[], Any]) -> None:
    make_workflow(bench.project, "answer")
    what = 'action == Action::"execution.start", resource == Workflow::"answer"'
    make_policy(bench.project, RULE.format(effect="deny", what=what))

    assert "Not this one." in run_agent()["refused"]
    assert newest(bench, observer)["state"] == "denied"


@pytest.mark.parametrize(("effect", "state"), [("deny", "failed"), ("halt", "halted"), ("hold", "failed")])
def test_a_tool_is_blocked_in_mid_run(
    bench: Bench, observer: Observer, run_agent: Callable[[], Any], effect: str, state: str
) -> None:
    make_tool(bench.project, "search")
    what = 'action in Action::"tool.call", resource == Tool::"search"'
    make_policy(bench.project, RULE.format(effect=effect, what=what))

    assert "Not this one." in run_agent()["refused"]
    assert newest(bench, observer)["state"] == state


def test_a_kill_order_blocks(bench: Bench, run_agent: Callable[[], Any]) -> None:
    bench.governor.post("kill-orders/", {"scope": {"type": "agent", "value": "scout"}, "reason": "No."}, expect=201)

    assert "refused" in run_agent()
