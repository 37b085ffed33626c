"""Crowds on the short road: the last units, and registry writes beside publications and actions."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import pytest
from django.db import connection

from executions.services.appending import Answer
from governance.domain.actors import Actor
from governance.domain.facts import Estimate
from governance.models import Agent, ApiKey, Project, Reservation, Tool, Window
from governance.services import agents, catalogue, keys, kill_orders, policies
from tests.factories import make_agent, make_budget, make_key, make_policy, make_tool
from tests.factories.executions import at_once, caller_of, start
from tests.factories.governance import owner_of
from tests.factories.roads import SHORT, take, warm
from waxell.lib.errors import Unavailable

CROWD: Final = 64
SECONDS: Final = 3
SYSTEM: Final = Actor(system="test")


@pytest.mark.parametrize("amount", [90, 100])
def test_the_last_units_go_to_exactly_as_many_as_there_are(project: Project, amount: int) -> None:
    """B1: everybody saw room at a glance; the window decides."""
    make_tool(project, "search")
    make_budget(project, unit="usd", limit=2000, default_reservation=1, on_exceed="deny")
    first = start(project)
    runs = [start(project, caller=first.caller) for _ in range(CROWD)]
    estimate = Estimate(usd_micros=amount)
    warm(first, estimate=estimate)

    outcomes = at_once([lambda run=run: take(lambda: run.ask(estimate=estimate)) for run in runs])

    taken = [outcome for outcome in outcomes if isinstance(outcome, tuple)]
    assert [outcome for outcome in outcomes if not isinstance(outcome, tuple)] == []
    allowed = [road for road, answer in taken if answer.body["verdict"] == "allow"]
    fits = 2000 // amount - 2
    assert (len(allowed), len(taken) - len(allowed)) == (fits, CROWD - fits)
    assert allowed.count(SHORT) > fits / 2
    assert (Window.objects.get().reserved, Reservation.objects.count()) == ((fits + 2) * amount, fits + 2)


def test_all_callers_of_one_execution_get_an_answer(project: Project) -> None:
    """B1 and D11: sequence and window are shared, whoever comes second steps back."""
    make_tool(project, "search")
    make_budget(project, limit=20, on_exceed="deny")
    run = start(project)
    warm(run)

    outcomes = at_once([run.ask] * CROWD)

    verdicts = [outcome.body["verdict"] for outcome in outcomes if isinstance(outcome, Answer)]
    assert (verdicts.count("allow"), verdicts.count("deny")) == (18, CROWD - 18)
    assert [entry["seq"] for entry in run.entries] == list(range(1, CROWD + 4))


def test_registry_publications_and_actions_never_wait_for_each_other_in_a_circle(project: Project) -> None:
    """Whatever changes the registry locks the project's head last, and holds nothing others need for it."""
    tools = [make_tool(project, f"tool-{number}") for number in range(3)]
    agent = make_agent(project, teams=["red"])
    caller = caller_of(make_key(project, agent))
    make_budget(project, limit=10**6)
    policy = make_policy(project, text=_harmless(0))
    runs = [start(project, caller=caller) for _ in range(3)]
    person = Actor(person=owner_of(project).pk)
    deadlocks, until = _deadlocks(), time.monotonic() + SECONDS

    def retool(number: int) -> None:
        schema = {"type": "object", "properties": {f"p{number}": {"type": "string"}}}
        values: dict[str, Any] = {"groups": [f"g{number}"], "description": "", "cost_micros": number}
        catalogue.change_tool(tool=Tool.objects.get(pk=tools[0].pk), actor=SYSTEM, schema=schema, **values)
        catalogue.change_tool(tool=Tool.objects.get(pk=tools[1].pk), actor=SYSTEM, schema=None, **values)

    def regroup(number: int) -> None:
        agents.change(agent=Agent.objects.get(pk=agent.pk), actor=SYSTEM, teams=["red", "blue"][: 1 + number % 2])
        Tool.objects.filter(pk=tools[2].pk).update(cost_micros=number)

    def publish(number: int) -> None:
        policies.save_draft(policy=policy, actor=SYSTEM, text=_harmless(number))
        policies.publish(policy=policy, actor=SYSTEM)

    def order(number: int) -> None:
        (placed,) = kill_orders.place(
            project=project, actor=person, scope_type="execution", scope_value=str(runs[0].id), reason="drill"
        )
        kill_orders.lift(order=placed, actor=person)
        issued = make_key(project, agent)
        keys.revoke(key=ApiKey.objects.get(pk=issued.key.pk), actor=SYSTEM)

    def act(which: int) -> Callable[[int], object]:
        return lambda number: runs[which].ask(f"tool-{number % 3}" if number % 9 else f"new-{which}-{number}")

    done = at_once([_again(job, until) for job in (retool, regroup, publish, order, act(1), act(2), act(1))])

    assert [outcome for outcome in done if isinstance(outcome, Exception)] == []
    assert [turns for turns in done if not turns] == []
    assert _deadlocks() == deadlocks
    assert {run.state for run in runs} == {"running"}


def _again(job: Callable[[int], object], until: float) -> Callable[[], int]:
    """Do `job` with 1, 2, 3 … until then; returns how often."""

    def work() -> int:
        number = 0
        while time.monotonic() < until:
            number += 1
            # Three who publish at once may be sent away for a moment; a circle shows in the server's own count.
            with suppress(Unavailable):
                job(number)
        return number

    return work


def _harmless(number: int) -> str:
    return (
        f'@id("never") @message("Never {number}.") @effect("deny")\n'
        'forbid (principal, action in Action::"tool.call", resource) when { context.repeats < 0 };'
    )


def _deadlocks() -> int:
    """How often the server has broken a circle; sessions that ended have told."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
