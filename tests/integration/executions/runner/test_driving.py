import signal
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from executions.domain.states import State
from executions.models import Execution
from executions.queries.erasable import Choice
from executions.runner import driving
from executions.services import approvals, erasing, leases, retries, stopping, watchdog
from executions.services.callers import Caller
from governance.domain.actors import Actor
from governance.models import Approval, Project
from governance.services import kill_orders
from tests.factories import make_policy, make_tool
from tests.factories.governance import owner_of
from tests.integration.executions.runner import workflows  # noqa: F401 - declares them
from tests.integration.executions.runner.conftest import Start, Worker, state_of
from waxell.ledger.models import Entry, Payload, Stream

HOLD_MAIL = """
@id("ask-first") @message("Mail needs a person.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
"""


def entries(execution_id: UUID) -> list[dict[str, object]]:
    bodies = Entry.objects.filter(stream=execution_id).order_by("seq").values_list("body", flat=True)
    return [orjson.loads(bytes(body)) for body in bodies]


def output(execution_id: UUID, name: str = "output") -> object:
    last = Execution.objects.values_list("seq", flat=True).get(pk=execution_id)
    return orjson.loads(bytes(Payload.objects.get(stream=execution_id, seq=last, name=name).content))


def until(reached: Callable[[], bool], seconds: float = 8.0) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)


def decide(project: Project, decision: str) -> None:
    person = owner_of(project).pk
    approvals.decide_approval(
        approval_id=Approval.objects.get(state="pending").pk,
        caller=Caller(project_id=project.pk, person_id=person),
        person_id=person,
        decision=decision,
    )


def test_an_execution_is_run_and_closed_with_what_it_returned(start: Start, worker: Worker) -> None:
    execution = start("t-add", input={"left": 2, "right": 3})
    assert worker(execution).wait(10) == 0
    assert state_of(execution) == "completed"
    assert output(execution) == 5
    types = [entry["type"] for entry in entries(execution)]
    assert types == [
        "action.decided",
        "execution.claimed",
        "action.decided",
        "action.resulted",
        "execution.closed",
    ]
    assert entries(execution)[2]["vouched"] == "enforced"


def test_a_second_ring_finds_nothing_to_do(start: Start, worker: Worker) -> None:
    execution = start("t-add", input={"left": 2, "right": 3})
    assert worker(execution).wait(10) == 0
    assert worker(execution).wait(10) == 1
    assert [entry["type"] for entry in entries(execution)].count("execution.claimed") == 1


def test_four_workers_rung_at_once_run_it_once(start: Start, worker: Worker) -> None:
    execution = start("t-add", input={"left": 2, "right": 3})
    rung = [worker(execution) for _ in range(4)]
    assert sorted(child.wait(15) or 0 for child in rung) == [0, 1, 1, 1]
    assert [entry["type"] for entry in entries(execution)].count("execution.claimed") == 1


def test_a_workflow_may_do_without_what_is_refused(project: Project, start: Start, worker: Worker) -> None:
    make_tool(project, "mail")
    make_policy(project)
    execution = start("t-mail")
    worker(execution).wait(10)
    assert (state_of(execution), output(execution)) == ("completed", "did without")


def test_a_refusal_nobody_catches_is_the_workflows_failure(project: Project, start: Start, worker: Worker) -> None:
    make_tool(project, "mail")
    make_policy(project)
    execution = start("t-mail", input={"careful": False})
    worker(execution).wait(10)
    assert state_of(execution) == "failed"
    assert output(execution, "error") == {"type": "ActionRefused", "message": "mail: Mail is not sent from here."}


@pytest.mark.parametrize(
    ("workflow", "given", "error"),
    [
        ("t-broken", {}, "ZeroDivisionError"),
        ("t-add", {"left": 2}, "TypeError"),
        ("t-opaque", {}, "NotCanonical"),
        ("t-written-elsewhere", {}, "UnknownWorkflow"),
        ("t-add", [1, 2], "TypeError"),
    ],
)
def test_what_goes_wrong_in_a_workflow_closes_it_as_failed(
    start: Start, worker: Worker, workflow: str, given: object, error: str
) -> None:
    execution = start(workflow, input=given)
    worker(execution).wait(10)
    assert state_of(execution) == "failed"
    written = output(execution, "error")
    assert isinstance(written, dict)
    assert written["type"] == error


def test_a_failing_tool_leaves_a_result(start: Start, worker: Worker) -> None:
    execution = start("t-broken")
    worker(execution).wait(10)
    resulted = next(entry for entry in entries(execution) if entry["type"] == "action.resulted")
    assert resulted["status"] == "error"


@pytest.mark.parametrize("workflow", ["t-silent", "t-stubborn"])
def test_a_kill_order_stops_the_process_whatever_it_does(
    project: Project, start: Start, worker: Worker, tmp_path: Path, workflow: str
) -> None:
    execution = start(workflow, input={"mark": str(tmp_path / "begun")})
    child = worker(execution)
    until((tmp_path / "begun").exists)
    alice = owner_of(project).pk
    kill_orders.place(
        project=project, actor=Actor(person=alice), scope_type="workflow", scope_value=workflow, reason="x"
    )
    watchdog.Watch().judge_silent()
    assert child.wait(2) == 0
    assert state_of(execution) == "halted"
    assert [entry["type"] for entry in entries(execution)].count("execution.closed") == 1


def test_an_action_that_a_stop_cuts_is_told_beside_the_record(
    project: Project, start: Start, worker: Worker, tmp_path: Path
) -> None:
    execution = start("t-nap", input={"mark": str(tmp_path / "begun")})
    child = worker(execution)
    until((tmp_path / "begun").exists)

    stopping.end_execution(execution, project.pk, outcome=State.HALTED, code="killed", message="-")

    assert child.wait(5) == 0
    assert (state_of(execution), Execution.objects.get(pk=execution).unresolved) == ("halted", 1)
    stream = Stream.objects.get(subject=execution)
    late = Entry.objects.get(stream=stream.id, type="result.late")
    told = orjson.loads(bytes(Payload.objects.get(stream=stream.id, seq=late.seq, name="result").content))
    assert (told["status"], told["output"]["type"]) == ("error", "StoppedBySignal")


def test_a_held_action_goes_on_when_it_is_granted(project: Project, start: Start, worker: Worker) -> None:
    make_tool(project, "mail")
    make_policy(project, HOLD_MAIL)
    execution = start("t-mail")
    child = worker(execution)
    until(lambda: state_of(execution) == "suspended")
    decide(project, "grant")
    assert child.wait(10) == 0
    assert (state_of(execution), output(execution)) == ("completed", "sent")
    assert Approval.objects.get().state == "used"


def test_a_held_action_that_a_person_refuses_is_refused(project: Project, start: Start, worker: Worker) -> None:
    make_tool(project, "mail")
    make_policy(project, HOLD_MAIL)
    execution = start("t-mail")
    child = worker(execution)
    until(lambda: state_of(execution) == "suspended")
    decide(project, "refuse")
    assert child.wait(10) == 0
    assert (state_of(execution), output(execution)) == ("completed", "did without")


def test_a_grant_after_the_worker_left_is_used_once_by_the_successor(
    project: Project, start: Start, worker: Worker, settings: object
) -> None:
    settings.WAXELL_HOLD_WAIT_SECONDS = 0.2  # type: ignore[attr-defined]
    make_tool(project, "mail")
    make_policy(project, HOLD_MAIL)
    execution = start("t-mail", attempts=2, lease_seconds=10)
    assert worker(execution).wait(10) == 0
    assert state_of(execution) == "suspended"
    decide(project, "grant")
    # What the sweeper finds once the lease of the process that left has run out.
    stopping.end_execution(execution, project.pk, outcome="interrupted", code="lease_lost", message="-")  # type: ignore[arg-type]
    [successor] = retries.start_owed()
    assert worker(successor).wait(10) == 0
    assert (state_of(execution), state_of(successor)) == ("interrupted", "completed")
    assert Approval.objects.get().used_by_execution == successor
    assert retries.start_owed() == []


def test_a_killed_process_is_interrupted_and_followed_by_another_attempt(start: Start, worker: Worker) -> None:
    execution = start("t-suicide", attempts=2, labels={"colour": "red"})
    assert worker(execution).wait(10) == 0
    row = Execution.objects.get(pk=execution)
    assert (row.state, row.unresolved) == ("interrupted", 1)
    [successor] = retries.start_owed()
    worker(successor).wait(10)
    after = Execution.objects.get(pk=successor)
    assert (after.state, after.retry_of, after.attempt, after.labels) == (
        "completed",
        execution,
        2,
        {"colour": "red"},
    )


def test_what_was_erased_is_not_tried_again(project: Project, start: Start) -> None:
    execution = start("t-suicide", attempts=2, input={"who": "Zoe"})
    leases.claim_execution(execution_id=execution, worker="gone")
    stopping.end_execution(execution, project.pk, outcome="interrupted", code="lease_lost", message="-")  # type: ignore[arg-type]
    erasing.erase(
        Choice(project_id=project.pk, execution=execution), actor=Actor(person=owner_of(project).pk), reason="asked"
    )
    assert retries.start_owed() == []


def test_attempts_are_bounded(start: Start, worker: Worker) -> None:
    execution = start("t-suicide", attempts=1)
    worker(execution).wait(10)
    assert state_of(execution) == "interrupted"
    assert retries.start_owed() == []


def test_a_worker_killed_in_mid_action_takes_its_child_along(start: Start, worker: Worker, tmp_path: Path) -> None:
    mark = tmp_path / "begun"
    execution = start("t-stubborn", input={"mark": str(mark)})
    child = worker(execution)
    until(mark.exists)
    child.tell(signal.SIGKILL)
    child.wait(5)
    before = Execution.objects.get(pk=execution).seq
    time.sleep(0.5)
    # Nobody writes any more, and nobody closed it: its lease has to run out.
    assert Execution.objects.get(pk=execution).seq <= before + 1
    assert state_of(execution) == "running"


def test_nothing_is_taken_for_an_execution_that_does_not_exist(project: Project) -> None:
    assert driving.drive_next(preferred=project.pk, worker="test") is None
