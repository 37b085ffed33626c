"""The handler that we ship for `on_policy_block`: the real client waits for a person, and goes on."""

import threading
from typing import Any

import pytest

from executions.models import Execution
from governance.models import Approval
from tests.factories import make_policy, make_tool, make_workflow
from tests.journeys.observe.agents import RunProgram, run_program
from tests.journeys.observe.conftest import Observer
from tests.stack.fixtures import Bench
from tests.stack.running import wait_until

__all__ = ["run_program"]

pytestmark = pytest.mark.process

HOLD = """@id("ask") @message("A person looks first.") @effect("hold")
forbid (principal, {what});"""
REFUND = 'action in Action::"tool.call", resource == Tool::"refund"'
START = 'action == Action::"execution.start", resource == Workflow::"answer"'
MODES = [[], ["async"]]


def hold(bench: Bench, what: str) -> None:
    make_tool(bench.project, "refund")
    make_workflow(bench.project, "answer")
    make_policy(bench.project, HOLD.format(what=what))


def decide(bench: Bench, decision: str) -> dict[str, Any]:
    """Decide, as a person, the approval that is asked for once the program waits."""
    approvals = bench.governor

    def waiting() -> Any:
        # The one of a run that ended at once lapses with it.
        found = approvals.items("approvals/", state="pending")
        return found if found and Execution.objects.get(pk=found[0]["execution"]).labels.get("begun_by") else None

    (approval,) = wait_until(waiting, 60)
    approvals.post(f"approvals/{approval['id']}/decide/", {"decision": decision, "comment": "Seen."})
    return approval


def runs(bench: Bench) -> list[Execution]:
    return list(Execution.objects.filter(project_id=bench.project.pk).order_by("id"))


def types(bench: Bench, row: Execution) -> list[str]:
    return [entry["entry"]["type"] for entry in bench.scout.items(f"executions/{row.pk}/entries/")]


@pytest.mark.parametrize("mode", MODES, ids=["sync", "async"])
def test_a_held_tool_waits_and_is_called_once_when_granted(
    bench: Bench, run_program: RunProgram, mode: list[str]
) -> None:
    hold(bench, REFUND)
    program = run_program("waiting.py", *mode)

    approval = decide(bench, "grant")

    assert program.hear() == {"refunded": 40}
    assert program.end() == {"returned": "refunded 40"}
    blocked, run = runs(bench)
    assert (blocked.state, run.state, run.retry_of) == ("failed", "completed", blocked.pk)
    # One record has the question, the answer, and what was done.
    assert types(bench, run) == [
        "action.decided", "action.decided", "approval.decided", "execution.claimed", "action.decided",
        "execution.closed",
    ]  # fmt: skip
    assert Approval.objects.get(pk=approval["id"]).state == "used"


@pytest.mark.parametrize("mode", MODES, ids=["sync", "async"])
def test_a_held_start_waits_and_runs_when_granted(bench: Bench, run_program: RunProgram, mode: list[str]) -> None:
    hold(bench, START)
    program = run_program("waiting.py", *mode)

    decide(bench, "grant")

    assert program.end() == {"returned": "refunded 40"}
    (run,) = runs(bench)
    assert (run.state, run.tool_calls) == ("completed", 1)


@pytest.mark.parametrize("what", [REFUND, START], ids=["tool", "start"])
def test_what_a_person_refuses_is_not_done(bench: Bench, run_program: RunProgram, what: str) -> None:
    hold(bench, what)
    program = run_program("waiting.py")

    decide(bench, "refuse")

    assert "A person looks first." in program.end()["refused"]
    # Nobody is asked about it a second time, and no record stays open.
    assert [row.state for row in runs(bench)] == (["denied"] if what == START else ["failed", "failed"])
    assert not Approval.objects.filter(project=bench.project, state="pending").exists()


def test_what_no_person_can_approve_stays_refused(bench: Bench, run_program: RunProgram) -> None:
    hold(bench, REFUND)
    make_policy(bench.project, HOLD.format(what=REFUND).replace('"hold"', '"deny"'), slug="never")

    assert "refused" in run_program("waiting.py").end()
    assert not Approval.objects.filter(project=bench.project).exists()


def test_a_kill_order_ends_the_waiting(bench: Bench, run_program: RunProgram) -> None:
    hold(bench, REFUND)
    program = run_program("waiting.py")
    wait_until(lambda: len(runs(bench)) == 2 and runs(bench)[1].state == "suspended", 60)

    bench.governor.post("kill-orders/", {"scope": {"type": "agent", "value": "scout"}, "reason": "Enough."}, expect=201)

    assert "refused" in program.end()
    assert [row.state for row in runs(bench)] == ["failed", "halted"]


def test_one_grant_is_for_one_run(bench: Bench, observer: Observer) -> None:
    hold(bench, START)
    asked = [
        observer.post("approvals/", {"run": observer.check(inputs={"question": "why"})["metadata"]["ask"]})
        for _ in range(2)
    ]
    for one in asked:
        bench.governor.post(f"approvals/{one['approval_id']}/decide/", {"decision": "grant", "comment": "ok"})

    taken: list[str] = []
    body = {**observer.names, "inputs": {"question": "why"}, "metadata": {}}
    threads = [
        threading.Thread(target=lambda: taken.append(observer.post("runs/start/", body, expect=201)["run_id"]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    waited = {one["run_id"] for one in asked}
    assert len(taken) == len(set(taken)) == 4
    assert waited < set(taken)
    # The others are runs of their own, and held.
    assert sorted(row.state for row in runs(bench)) == ["running", "running", "suspended", "suspended"]
    # Another input is other work.
    other = observer.post("runs/start/", {**body, "inputs": {"question": "what"}}, expect=201)
    assert other["state"] == "suspended"


def test_asking_twice_about_one_approval_waits_for_one_execution(bench: Bench, observer: Observer) -> None:
    hold(bench, REFUND)
    # A key that may only execute is enough to ask, and to hear.
    observer.api = bench.key(agent=bench.agent, scopes=["execute"])
    observer.start()
    answer = observer.gate("tool.before", tool_name="refund", tool_args={"amount": 40})
    approval = answer["metadata"]["approval_id"]
    assert answer["reason"] == f"A person looks first. A person must approve this first. (approval {approval})"
    # While the run lives its own approval is waited for.
    mine = observer.post("approvals/", {"approval_id": approval})
    assert (mine["approval_id"], mine["begun"]) == (approval, False)
    observer.complete("blocked")

    first, second = (observer.post("approvals/", {"approval_id": approval}) for _ in range(2))

    # Of the time that is left there may be less by then.
    left = [first.pop("expires_in_seconds"), second.pop("expires_in_seconds")]
    assert first == second
    assert 0 < left[1] <= left[0] <= 24 * 3600
    assert (first["begun"], first["state"]) == (True, "suspended")
    assert first["approval_id"] != approval
    assert observer.api.get(f"approvals/{first['approval_id']}/")["state"] == "pending"
    assert bench.another_agent().send("POST", "observe/approvals/", {"approval_id": approval}).status_code == 404
