"""Leases and fences: who may drive an execution, until when, and what comes too late."""

import pytest

from executions.domain.states import State
from executions.services import stopping, watchdog
from executions.services.appending import ExecutionClosed, Fenced
from executions.services.leases import claim_execution
from governance.models import Project, Reservation, Window
from tests.factories import make_budget, make_workflow
from tests.factories.executions import Run, at_once, start
from waxell.lib.db.calls import call_one


def _lose_lease(run: Run) -> None:
    """Let the lease of an execution that was started with `lease_seconds=1` run out."""
    call_one("SELECT pg_sleep(1.05)")
    assert watchdog.interrupt_lapsed() == 1
    assert run.state == "interrupted"


def test_a_heartbeat_renews_the_lease_and_writes_nothing(project: Project) -> None:
    run = start(project, lease_seconds=100)
    before = run.row.expires_at

    answer = run.heartbeat()

    assert (answer.body["directive"], answer.body["lease"]["fence"]) == ("continue", 1)
    assert run.row.expires_at > before
    assert len(run.entries) == 1


def test_an_old_fence_is_refused_and_noted_once(project: Project) -> None:
    run = start(project)

    for _ in range(3):
        with pytest.raises(Fenced):
            run.ask(fence=0)

    (note,) = run.addenda
    assert (note["type"], note["kind"], note["fence"], note["current"]) == ("write.fenced", "action", 0, 1)
    assert len(run.entries) == 1


def test_a_lost_lease_interrupts_and_presumes_the_spend(project: Project) -> None:
    make_budget(project, unit="usd", limit=1_000_000, default_reservation=40_000)
    run = start(project, lease_seconds=1)
    run.ask()

    _lose_lease(run)

    closing = run.entries[-1]
    assert (closing["cause"]["code"], closing["totals"]["unresolved"]) == ("lease_lost", 1)
    assert [(row["unit"], row["amount"]) for row in closing["presumed"]] == [("usd", 40_000)]
    window = Window.objects.get()
    assert (window.reserved, window.spent, window.presumed) == (0, 40_000, 40_000)
    with pytest.raises(ExecutionClosed):
        run.heartbeat()


def test_expiry_alone_takes_nothing_away(project: Project) -> None:
    run = start(project, lease_seconds=1)

    call_one("SELECT pg_sleep(1.05)")

    assert run.ask().body["verdict"] == "allow"
    assert watchdog.interrupt_lapsed() == 0


def test_a_late_result_is_an_addendum_that_corrects_the_presumption(project: Project) -> None:
    make_budget(project, unit="usd", limit=1_000_000, default_reservation=40_000)
    run = start(project, lease_seconds=1)
    seq = run.ask().body["seq"]
    _lose_lease(run)
    closed_at = len(run.entries)

    with pytest.raises(ExecutionClosed) as late:
        run.report(seq, usd_micros=25_000)

    assert late.value.members["addendum"]["seq"] == 1
    assert late.value.members["settled"][0]["spent"] == "0.025"
    (addendum,) = run.addenda
    assert (addendum["type"], addendum["about"], addendum["why"]) == ("result.late", seq, "execution_closed")
    window = Window.objects.get()
    assert (window.spent, window.presumed) == (25_000, 0)
    assert len(run.entries) == closed_at


def test_late_results_at_once_are_one_addendum(project: Project) -> None:
    make_budget(project, unit="usd", limit=1_000_000, default_reservation=40_000)
    run = start(project)
    seq = run.ask().body["seq"]
    run.close("failed")

    outcomes = at_once([lambda: run.report(seq, usd_micros=25_000)] * 6)

    assert {type(outcome) for outcome in outcomes} == {ExecutionClosed}
    assert len({outcome.members["addendum"]["digest"] for outcome in outcomes}) == 1  # type: ignore[union-attr]
    assert {outcome.members["settled"][0]["spent"] for outcome in outcomes} == {"0.025"}  # type: ignore[union-attr]
    assert len(run.addenda) == 1
    assert Reservation.objects.get().state == "settled"


def test_a_worker_execution_is_claimed_by_exactly_one(project: Project) -> None:
    make_workflow(project, "chore", kind="worker")
    run = start(project, workflow="chore")
    assert (run.state, run.answer.body["lease"]) == ("pending", None)

    answers = at_once([lambda: claim_execution(execution_id=run.id, worker="one of four")] * 4)

    assert sorted(answer is None for answer in answers) == [False, True, True, True]
    assert (run.state, run.row.fence) == ("running", 1)


def test_a_deadline_stops_a_silent_execution(project: Project) -> None:
    run = start(project, deadline_seconds=1)

    call_one("SELECT pg_sleep(1.05)")
    assert watchdog.stop_overdue() == 1

    assert (run.state, run.entries[-1]["cause"]["code"]) == ("halted", "deadline_passed")


def test_closing_twice_is_refused_with_the_record(project: Project) -> None:
    run = start(project)
    answer = run.close()

    with pytest.raises(ExecutionClosed) as again:
        run.close()

    assert again.value.members["record"] == answer.body["record"]


def test_many_ways_of_ending_at_once_leave_one_closing_entry(project: Project) -> None:
    make_budget(project)
    run = start(project)
    run.ask()

    at_once(
        [
            run.close,
            lambda: run.close("failed"),
            lambda: stopping.end_execution(
                run.id, project.pk, outcome=State.CANCELLED, code="cancelled", message="Enough."
            ),
            lambda: run.report(2, usd_micros=0),
        ]
    )

    assert [entry["type"] for entry in run.entries].count("execution.closed") == 1
    assert run.row.ended_at is not None
