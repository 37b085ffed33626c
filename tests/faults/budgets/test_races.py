"""B1, B3, B4, D9, D11: many at once for the last units, on one execution, on one result."""

import pytest

from executions.services.appending import Answer, ExecutionClosed
from executions.services.results import AlreadySettled
from governance.domain.facts import Estimate
from governance.domain.requests import Retry, retry_of
from governance.models import Project, Reservation, Window
from governance.services.requests import IdempotencyKeyReused
from tests.factories import make_budget
from tests.factories.executions import Run, at_once, lines, start
from waxell.lib.errors import NotFound

CROWD = 64


def _verdicts(outcomes: list[Answer | Exception]) -> list[str]:
    failed = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert failed == []
    return [outcome.body["verdict"] for outcome in outcomes if isinstance(outcome, Answer)]


def test_the_last_units_go_to_exactly_as_many_as_there_are(project: Project) -> None:
    """B1, on executions of their own: only the window is shared."""
    make_budget(project, unit="usd", limit=1000, default_reservation=1, on_exceed="deny")
    first = start(project)
    runs = [first, *(start(project, caller=first.caller) for _ in range(CROWD - 1))]

    outcomes = at_once([lambda run=run: run.ask(estimate=Estimate(usd_micros=90)) for run in runs])

    verdicts = _verdicts(outcomes)
    assert (verdicts.count("allow"), verdicts.count("deny")) == (1000 // 90, CROWD - 1000 // 90)
    window = Window.objects.get()
    assert (window.reserved, Reservation.objects.count()) == (11 * 90, 11)
    for outcome in outcomes:
        if isinstance(outcome, Answer) and outcome.body["verdict"] == "deny":
            (reason,) = outcome.body["reasons"]
            assert float(reason["reserved"]) * 1_000_000 + 90 > 1000


def test_all_callers_of_one_execution_get_an_answer(project: Project) -> None:
    """B1 and D11 on one execution: sequence and window are shared."""
    make_budget(project, limit=10, on_exceed="deny")
    run = start(project)

    verdicts = _verdicts(at_once([run.ask] * CROWD))

    assert (verdicts.count("allow"), verdicts.count("deny")) == (10, CROWD - 10)
    assert [entry["seq"] for entry in run.entries] == list(range(1, CROWD + 2))


def test_the_same_request_twice_at_once_reserves_once(project: Project) -> None:
    """B3."""
    make_budget(project, unit="usd", limit=1000, default_reservation=1)
    run = start(project)

    def retry(amount: int) -> Retry | None:
        return retry_of(caller=run.caller.key_id or "", path="/actions/", key="k", body={"amount": amount})

    def ask(amount: int) -> Answer:
        return run.ask(estimate=Estimate(usd_micros=amount), retry=retry(amount))

    first, second = at_once([lambda: ask(100), lambda: ask(100)])
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert {first.replayed, second.replayed} == {True, False}
    with pytest.raises(IdempotencyKeyReused):
        ask(200)

    assert [row.amount for row in Reservation.objects.all()] == [100]


def test_settle_twice_and_close_and_halt_at_once_have_one_winner(project: Project) -> None:
    """B4."""
    make_budget(project, unit="usd", limit=1000, default_reservation=100)
    run = start(project)
    seq = run.ask().body["seq"]

    outcomes = at_once(
        [
            lambda: run.report(seq, usd_micros=60),
            lambda: run.report(seq, usd_micros=60),
            lambda: run.report(seq, usd_micros=70),
            run.close,
            lambda: run.close("failed"),
        ]
    )

    expected = (Answer, ExecutionClosed, AlreadySettled)
    assert [outcome for outcome in outcomes if not isinstance(outcome, expected)] == []
    window = Window.objects.get()
    assert (window.reserved, window.presumed) == (0, 0)
    assert window.spent in (60, 70)
    assert Reservation.objects.get().state == "settled"


def test_an_agent_reaches_nothing_of_another(project: Project) -> None:
    """D9: actions, results, heartbeats and ends of an execution that is another agent's."""
    victim, thief = start(project), start(project)
    seq = victim.ask().body["seq"]
    stolen = Run(caller=thief.caller, id=victim.id, fence=victim.fence, answer=victim.answer)

    for act in (stolen.ask, lambda: stolen.report(seq), stolen.heartbeat, stolen.close):
        with pytest.raises(NotFound):
            act()

    assert (victim.state, len(victim.entries), victim.addenda) == ("running", 2, [])
    refused = [line["kind"] for line in lines(project.pk) if line["type"] == "access.refused"]
    assert refused == ["action", "result", "heartbeat", "close"]
