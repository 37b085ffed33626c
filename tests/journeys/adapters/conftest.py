"""Agents on other people's frameworks, each a process of its own in `.venv-NAME`, against the running stack."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.factories import make_policy, make_tool
from tests.process.local_run import ROOT
from tests.stack.fixtures import Bench, bench, looking, stack
from tests.stack.foreign import python_of
from tests.stack.running import wait_until

__all__ = ["bench", "looking", "stack"]

PROGRAMS = Path(__file__).parent / "programs"
EXAMPLES = ROOT / "examples"
# A first import of a framework on a busy machine, and a client that looks for a person every two seconds.
LONGEST_RUN_SECONDS = 120

RULE = """@id("not-here") @message("Nobody mails from here.") @effect("{effect}")
forbid (principal, action in Action::"{kind}", resource == {resource});"""


class Agent:
    """A program with a framework in it. It finds Waxell by its environment, and the examples as modules."""

    def __init__(self, bench: Bench, home: Path, python: str, program: Path, *words: str, **environ: str) -> None:
        self.process = subprocess.Popen(
            [python, str(program), *words],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "PYTHONPATH": os.pathsep.join([str(ROOT / "client" / "src"), str(EXAMPLES)]),
                "WAXELL_URL": bench.stack.ready["url"],
                "WAXELL_API_KEY": bench.scout.key or "",
                **environ,
            },
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # What it starts itself goes with it.
            start_new_session=True,
        )

    def end(self) -> tuple[int, str, str]:
        """Wait for the end; its status, what it printed and what it said on its error output."""
        printed, errors = self.process.communicate(timeout=LONGEST_RUN_SECONDS)
        return self.process.returncode, printed, errors

    def printed(self) -> str:
        """What it printed, where it ends well."""
        status, printed, errors = self.end()
        assert status == 0, printed + errors
        return printed


RunAgent = Callable[..., Agent]


@pytest.fixture
def run_agent(bench: Bench, tmp_path: Path) -> Iterator[RunAgent]:
    """Starts agents in a home of their own: `run_agent(EXAMPLES / "x.py", "word", NAME="value", venv="agents")`."""
    agents: list[Agent] = []

    def run(program: Path, *words: str, venv: str = "agents", **environ: str) -> Agent:
        agents.append(Agent(bench, tmp_path, python_of(venv), program, *words, **environ))
        return agents[-1]

    yield run
    for agent in agents:
        if agent.process.poll() is None:
            os.killpg(agent.process.pid, signal.SIGKILL)
        agent.process.communicate()


def rule(bench: Bench, effect: str, tool: str = "mail") -> None:
    """Publish a policy under which calls of `tool` are `deny`, `hold` or `halt`."""
    make_tool(bench.project, tool)
    make_policy(bench.project, RULE.format(effect=effect, kind="tool.call", resource=f'Tool::"{tool}"'))


def rule_on_model(bench: Bench, effect: str, model: str) -> None:
    """The same for calls of a model."""
    bench.governor.post("models/", {"slug": model}, expect=201)
    make_policy(bench.project, RULE.format(effect=effect, kind="model.call", resource=f'Model::"{model}"'))


def held(bench: Bench) -> dict[str, Any]:
    """The one approval that is asked for, once it is."""
    (approval,) = wait_until(lambda: bench.governor.items("approvals/", state="pending"), LONGEST_RUN_SECONDS)
    return dict(approval)


class Approver(threading.Thread):
    """Alice, who decides the one approval that will be asked for: `with Approver(bench): …`."""

    def __init__(self, bench: Bench, decision: str = "grant") -> None:
        super().__init__()
        self._bench, self._decision = bench, decision

    def run(self) -> None:
        path = f"approvals/{held(self._bench)['id']}/decide/"
        self._bench.governor.post(path, {"decision": self._decision, "comment": "Seen."})

    def __enter__(self) -> "Approver":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One execution as it is read over REST: itself, its actions after the admission, the types of its entries.

    `late` are the types of those that came after its end.
    """

    shown: dict[str, Any]
    actions: list[dict[str, Any]]
    types: list[str]
    late: list[str]

    @property
    def state(self) -> str:
        return str(self.shown["state"])

    @property
    def verdicts(self) -> list[tuple[str, str]]:
        """What was asked for and what was said, in order."""
        return [(action["resource"], action["verdict"]) for action in self.actions]

    @property
    def used(self) -> tuple[int, int, str]:
        """How many model calls were settled, with how many tokens and dollars in all."""
        counts = self.shown["counts"]
        return counts["model_calls"], counts["tokens"], counts["usd"]


def record_of(bench: Bench, *, unsettled: int = 0) -> Record:
    """The one execution of the project; it is over, and was closed exactly once with so many actions under way."""
    (row,) = bench.governor.items("executions/")
    path = f"executions/{row['id']}/"
    shown = bench.governor.get(path)
    record = Record(
        shown=shown,
        actions=bench.governor.items(f"{path}actions/")[1:],
        types=[item["type"] for item in bench.governor.items(f"{path}entries/")],
        late=[item["type"] for item in bench.governor.items(f"{path}entries/", stream="addenda")],
    )
    assert record.types.count("execution.closed") == 1, record.types
    assert shown["counts"]["unresolved"] == unsettled, shown
    return record
