"""Drafts tried by workers, piece by piece."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from executions import tasks
from executions.domain import simulating as domain
from executions.domain.simulating import Draft
from executions.models import Simulation, SimulationExample, SimulationPart
from executions.queries import simulations as queries
from executions.services import simulating, simulations
from governance.domain.actors import Actor
from governance.models import Policy, Project
from governance.services import policies
from governance.services.policies import PolicyInvalid
from tests.factories import make_policy, make_tool
from tests.factories.drafts import SCHEMA, rule
from tests.factories.executions import Run, start
from tests.factories.governance import owner_of

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def begin(policy: Policy, **given: Any) -> Simulation:
    return simulations.start(
        policy=policy, person=owner_of(policy.project), **{"since": LONG_AGO, "contents": True, **given}
    )


def work(simulation: Simulation) -> Simulation:
    """Let workers go on with it until there is nothing to do."""
    for part in simulation.parts.all():
        while simulations.go_on(part.pk):
            pass
    simulation.refresh_from_db()
    return simulation


def counts(simulation: Simulation) -> dict[str, int]:
    found = queries.summed(Simulation.objects.prefetch_related("parts").get(pk=simulation.pk))
    return {str(transition): many for transition, many in found.by_transition.items()}


@pytest.fixture
def busy(project: Project) -> Project:
    """Nine executions of three actions each."""
    for number in range(9):
        run = start(project, workflow=f"work-{number % 2}")
        for resource in ("mail", "search", "mail"):
            run.ask(resource, args={"number": number})
    return project


@pytest.mark.parametrize("piece", [1, 4, 1000])
def test_pieces_find_what_one_look_finds(
    busy: Project, draft: Callable[..., Policy], monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(simulations, "PIECE", piece)
    policy = draft(rule(effect="halt"))
    at_once = simulating.simulate(
        project_id=busy.pk,
        draft=Draft(slug=policy.slug, text=policy.draft_text, mode=policy.mode),
        since=LONG_AGO,
        contents=True,
    )

    done = work(begin(policy))

    found = queries.summed(done)
    assert (done.state, done.ended_at is not None, found.decisions, found.changed) == ("done", True, 36, 18)
    assert found.by_transition == at_once.by_transition
    assert found.affected == at_once.affected
    place = domain.place_of(next(iter(found.by_transition)))
    assert queries.examples(done, place=place).count() == 18
    assert queries.examples(done, place=place, workflow="work-1").count() == 8


def test_a_piece_that_two_workers_judged_counts_once(
    busy: Project, draft: Callable[..., Policy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulations, "PIECE", 2)
    begun = begin(draft(rule()))
    judged = simulating.Trial.judge
    others: list[int] = []

    def judge_while_another_does(trial: Any, found: Any) -> Any:
        if not others:
            others.append(begun.parts.order_by("number").first().pk)
            simulations.go_on(others[0])
        return judged(trial, found)

    with monkeypatch.context() as patched:
        patched.setattr(simulating.Trial, "judge", judge_while_another_does)
        assert simulations.go_on(begun.parts.order_by("number").first().pk) is False

    work(begun)
    assert queries.summed(begun).decisions == 36
    assert SimulationExample.objects.filter(simulation=begun).count() == 18


def test_cancelled_it_keeps_what_it_found_and_goes_no_further(
    busy: Project, draft: Callable[..., Policy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulations, "PIECE", 3)
    # By chance one of two parts may have nothing to do.
    monkeypatch.setattr(simulations, "PARTS", 1)
    begun = begin(draft(rule()))
    part = begun.parts.get()
    assert simulations.go_on(part.pk)

    assert simulations.cancel(begun)

    assert not simulations.go_on(part.pk)
    assert not simulations.cancel(begun)
    part.refresh_from_db()
    begun.refresh_from_db()
    assert (begun.state, part.decisions) == ("cancelled", 3)


def test_a_cancellation_while_a_piece_is_judged_wins(busy: Project, draft: Callable[..., Policy]) -> None:
    begun = begin(draft(rule()))
    part = SimulationPart.objects.select_related("simulation").get(simulation=begun, number=0)
    simulations.cancel(begun)

    assert not simulations._keep(part, simulating.Tally(), None)
    part.refresh_from_db()
    assert not part.done


def test_what_is_decided_after_it_began_is_not_part_of_it(project: Project, draft: Callable[..., Policy]) -> None:
    run = start(project)
    begun = begin(draft(rule()))
    run.ask("mail")

    assert (queries.summed(work(begun)).decisions, counts(begun)) == (1, {})


def test_it_can_be_compared_with_the_rules_in_force(project: Project) -> None:
    run = start(project)
    run.ask("mail")
    policy = make_policy(project, rule())
    policies.save_draft(policy=policy, actor=Actor(person=owner_of(project).pk), text=rule(effect="hold"))
    policy.refresh_from_db()

    then, now = work(begin(policy)), work(begin(policy, in_force=True))

    assert counts(then) == {"allow->hold": 1}
    assert counts(now) == {"deny->hold": 1}
    (example,) = SimulationExample.objects.filter(simulation=now)
    assert example.was is not None
    assert (example.was["effect"], example.reason["effect"]) == ("deny", "hold")


def test_without_contents_what_saw_arguments_stays_unjudged(project: Project, draft: Callable[..., Policy]) -> None:
    make_tool(project, "pay", schema=SCHEMA)
    start(project).ask("pay", args={"amount": 500})

    found = queries.summed(work(begin(draft(rule("pay")), contents=False)))

    assert (found.unjudged, found.changed) == (1, 0)


def test_only_the_newest_examples_of_a_change_are_kept_and_all_are_counted(
    busy: Project, draft: Callable[..., Policy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulations, "PIECE", 2)
    monkeypatch.setattr(simulations, "KEPT_EACH", 2)

    done = work(begin(draft(rule())))

    assert counts(done) == {"allow->deny": 18}
    assert SimulationExample.objects.filter(simulation=done).count() <= 4


def test_a_broken_draft_and_a_third_simulation_are_refused(project: Project, draft: Callable[..., Policy]) -> None:
    policy = draft(rule())
    with pytest.raises(PolicyInvalid):
        begin(draft("forbid"))
    first, _ = begin(policy), begin(policy)

    with pytest.raises(simulations.TooManySimulations):
        begin(policy)
    simulations.cancel(first)
    begin(policy)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The parts that workers were rung for."""
    found: list[int] = []
    monkeypatch.setattr(simulations.doorbell, "ring_for", lambda task, number: found.append(number))
    return found


def test_a_part_whose_worker_died_is_rung_for_again_and_at_last_said_lost(
    busy: Project, draft: Callable[..., Policy], rung: list[int]
) -> None:
    begun = begin(draft(rule()))
    parts = set(begun.parts.values_list("pk", flat=True))
    assert set(rung) == parts
    rung.clear()
    assert simulations.ring_again() == 0

    a_minute_ago = begun.began_at - timedelta(minutes=1)
    begun.parts.update(worked_at=a_minute_ago, rung_at=a_minute_ago)
    assert simulations.ring_again() == 2
    assert set(rung) == parts
    assert simulations.ring_again() == 0

    begun.parts.filter(number=1).update(worked_at=begun.began_at - timedelta(minutes=16))
    assert simulations.ring_again() == 0
    begun.refresh_from_db()
    assert begun.state == "lost"
    assert not simulations.go_on(begun.parts.get(number=0).pk)


def test_the_task_goes_on_to_the_end_and_makes_room_for_others(
    busy: Project, draft: Callable[..., Policy], rung: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulations, "PIECE", 4)
    # By chance one of two parts may have nothing to do.
    monkeypatch.setattr(simulations, "PARTS", 1)
    policy = draft(rule())
    first, second = (begin(policy).parts.get().pk for _ in range(2))
    rung.clear()

    tasks.simulate_part(first)
    assert rung == []
    monkeypatch.setattr(tasks, "AT_A_STRETCH", -1.0)
    tasks.simulate_part(second)
    assert rung == [second]


def test_old_ones_go_away(busy: Project, draft: Callable[..., Policy]) -> None:
    old, new = work(begin(draft(rule()))), work(begin(draft(rule("search"))))
    Simulation.objects.filter(pk=old.pk).update(began_at=old.began_at - timedelta(days=8))

    assert simulations.forget() > 1

    assert set(Simulation.objects.values_list("pk", flat=True)) == {new.pk}
    assert SimulationExample.objects.filter(simulation=new).exists()
    assert not SimulationExample.objects.exclude(simulation=new).exists()


def test_many_decisions_cost_no_more_queries_than_few(busy: Project, draft: Callable[..., Policy], run: Run) -> None:
    def spent(simulation: Simulation) -> int:
        with CaptureQueriesContext(connection) as queried:
            work(simulation)
        return len(queried)

    policy = draft(rule())
    spent(begin(policy))
    few = spent(begin(policy, since=run.row.started_at))
    # A part in which nothing changes has no examples to write, within a savepoint.
    assert spent(begin(policy)) <= few + 2 * simulations.PARTS
