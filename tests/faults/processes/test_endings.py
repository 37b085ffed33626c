"""However an execution ends, its record is closed exactly once, and everything that must be true is."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.factories import make_policy, make_tool, make_workflow
from tests.stack.api import Run
from tests.stack.fixtures import Bench
from tests.stack.running import ROOT, wait_until

pytestmark = pytest.mark.process

RULES = """
@id("never") @message("This workflow never begins.") @effect("deny")
forbid (principal, action == Action::"execution.start", resource == Workflow::"forbidden");

@id("too-far") @message("That goes too far.") @effect("halt")
forbid (principal, action in Action::"tool.call", resource == Tool::"wipe");

@id("ask-first") @message("A person looks.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");

@id("ask-now") @message("A person looks at once.") @effect("hold") @timeout("1s")
forbid (principal, action in Action::"tool.call", resource == Tool::"fax");

@id("ask-or-stop") @message("A person looks at once, or it ends.") @effect("hold") @timeout("1s") @on_refusal("halt")
forbid (principal, action in Action::"tool.call", resource == Tool::"wire");
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """`reach` starts an execution and brings it to its end, or to where it ends by itself in `state`."""

    reach: Callable[[Bench], Run]
    state: str
    cause: str | None


def refused(bench: Bench) -> Run:
    return bench.start("forbidden")


def stopped(bench: Bench) -> Run:
    run = bench.start()
    run.report(run.ask()["seq"])
    run.ask()
    assert run.ask("wipe")["verdict"] == "halt"
    return run


def failed(bench: Bench) -> Run:
    run = bench.start()
    run.ask()
    run.close("failed", error="no route")
    return run


def cancelled(bench: Bench) -> Run:
    run = bench.start()
    run.ask()
    bench.governor.post(f"{run.path}cancel/", {"reason": "Not needed."})
    return run


def killed(bench: Bench) -> Run:
    """A worker's, whose process and the one above it are gone without a word."""
    name = f"{bench.project.slug}-ending"
    run = bench.start("test-steps", input={"name": name, "seconds": 30}, lease_seconds=10)
    mark = bench.stack.marks / name
    wait_until(mark.exists, 20)
    attempt = next(process for process in bench.stack.attempts() if process.pid == int(mark.read_text().split()[-1]))
    os.kill(attempt.ppid(), signal.SIGKILL)
    return run


def held_and_granted(bench: Bench) -> Run:
    run = bench.start()
    approval = run.ask("mail")["approval"]["id"]
    bench.governor.post(f"approvals/{approval}/decide/", {"decision": "grant", "comment": "Seen."})
    run.report(run.ask("mail", approval=approval)["seq"])
    run.close()
    return run


def held_and_expired(bench: Bench) -> Run:
    run = bench.start()
    seq = run.ask("fax")["seq"]
    wait_until(lambda: run.show()["state"] == "running", 10)
    assert bench.scout.get(f"{run.path}actions/{seq}/")["verdict"] == "deny"
    run.close()
    return run


def held_and_halted(bench: Bench) -> Run:
    run = bench.start()
    run.ask("wire")
    return run


ENDINGS = {
    # It takes as long as its lease, so it begins first.
    "worker killed": Ending(reach=killed, state="interrupted", cause="lease_lost"),
    "refused at admission": Ending(reach=refused, state="denied", cause="policy_rule"),
    "stopped in mid-run": Ending(reach=stopped, state="halted", cause="policy_rule"),
    "failed": Ending(reach=failed, state="failed", cause=None),
    "cancelled": Ending(reach=cancelled, state="cancelled", cause="cancelled"),
    "held and granted": Ending(reach=held_and_granted, state="completed", cause=None),
    "held and expired": Ending(reach=held_and_expired, state="completed", cause=None),
    "held, expired and halted": Ending(reach=held_and_halted, state="halted", cause="approval_expired"),
}


def test_every_ending_leaves_exactly_one_closed_record(bench: Bench) -> None:
    for workflow in ("errand", "forbidden"):
        make_workflow(bench.project, workflow)
    make_workflow(bench.project, "test-steps", kind="worker")
    for tool in ("wipe", "mail", "fax", "wire"):
        make_tool(bench.project, tool)
    make_policy(bench.project, RULES)
    budget = {"slug": "calls", "name": "Calls", "unit": "tool_calls", "limit": 100, "scope": {"type": "project"}}
    bench.governor.post("budgets/", {**budget, "period": "day"}, expect=201)

    runs = {name: ending.reach(bench) for name, ending in ENDINGS.items()}
    for name, ending in ENDINGS.items():
        wait_until(lambda name=name, ending=ending: runs[name].show()["state"] == ending.state, 30)

    for name, ending in ENDINGS.items():
        check_closed_once(name, runs[name], ending)
    (window,) = bench.governor.get("budgets/calls/")["windows"]
    assert window["reserved"] == 0
    check_doctor(bench)


def check_closed_once(name: str, run: Run, ending: Ending) -> None:
    shown, entries = run.show(), run.entries()
    types = [entry["type"] for entry in entries]
    assert (name, types[-1], types.count("execution.closed")) == (name, "execution.closed", 1)
    assert shown["record"] == {"entries": len(entries), "head": entries[-1]["digest"]}
    assert (name, entries[-1]["entry"]["outcome"]) == (name, ending.state)
    assert (name, (shown["cause"] or {}).get("code")) == (name, ending.cause)
    assert (shown["lease"], bool(shown["ended_at"])) == (None, True)
    late = Run(api=run.api, answer={**run.answer, "lease": {"fence": 1}})
    assert late.ask(expect=409)["code"] == "execution_closed"
    assert run.entries() == entries


def check_doctor(bench: Bench) -> None:
    """`manage.py doctor`, typed beside the running installation."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WAXELL_")}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "doctor", "--project", bench.project.slug, "--no-color"],
        env=environ | {"WAXELL_HOME": str(bench.stack.run.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert {line[0] for line in lines} == {"ok"}, done.stdout
    assert [line[1] for line in lines if line[1].startswith("I")] == [f"I{number}" for number in range(1, 9)]
