"""Rules, kill orders and keys that change between two actions bind the very next one."""

import time
from typing import Any

import psycopg
import pytest

from executions.services.callers import InsufficientScope
from governance.domain.actors import Actor
from governance.models import ApiKey, Project, ProjectHead
from governance.services import keys, kill_orders, policies
from tests.factories import make_agent, make_budget, make_policy, make_tool
from tests.factories.executions import start
from tests.factories.governance import owner_of
from tests.factories.roads import FULL, SHORT, take, warm
from waxell.lib.errors import Unauthenticated

SYSTEM = Actor(system="test")
DENY = '@id("no") @message("No.") @effect("deny") forbid (principal, action in Action::"tool.call", resource);'
BY_HAND = {
    "revoked": "UPDATE governance_apikey SET revoked_at = clock_timestamp() WHERE id = %s",
    "expired": "UPDATE governance_apikey SET expires_at = clock_timestamp() WHERE id = %s",
    "without its scope": "UPDATE governance_apikey SET scopes = '{read}' WHERE id = %s",
}


def test_a_publication_binds_the_next_action_and_so_does_the_return(project: Project) -> None:
    make_tool(project, "search")
    run = start(project)
    warm(run)

    policy = make_policy(project, text=DENY)
    refused = take(run.ask)
    policies.retire(policy=policy, actor=SYSTEM)
    allowed = [take(run.ask) for _ in range(2)]

    assert (refused[0], refused[1].body["verdict"]) == (FULL, "deny")
    assert [(road, answer.body["verdict"]) for road, answer in allowed] == [(FULL, "allow"), (SHORT, "allow")]
    # The rules after the return are those from before: the record names each once.
    assert allowed[1][1].body["governance_state"] == run.answer.body["governance_state"]
    assert len(run.row.states_seen) == 2


def test_rules_that_an_execution_has_not_seen_are_noted_on_the_full_road(project: Project) -> None:
    make_tool(project, "search")
    first = start(project)
    second = start(project, caller=first.caller)
    make_budget(project, limit=100)
    warm(first)

    # The first execution has seen the new rules and has been remembered under them; the second has not.
    assert [take(second.ask)[0] for _ in range(2)] == [FULL, SHORT]
    assert len(second.row.states_seen) == 2


@pytest.mark.parametrize("scope", ["project", "agent", "tool", "execution"])
def test_a_kill_order_binds_the_next_action(project: Project, scope: str) -> None:
    make_tool(project, "search")
    run = start(project, agent=make_agent(project))
    warm(run)
    value = {"agent": "scout", "tool": "search", "execution": str(run.id)}.get(scope)

    kill_orders.place(
        project=project, actor=_person(project), scope_type=scope, scope_value=value, reason="enough is enough"
    )

    road, answer = take(run.ask)
    assert (road, answer.body["state"], answer.body["reasons"][0]["code"]) == (FULL, "halted", "killed")


def test_an_order_that_was_lifted_lets_actions_pass_again(project: Project) -> None:
    make_tool(project, "search")
    run, other = start(project), start(project)
    (order,) = kill_orders.place(
        project=project,
        actor=_person(project),
        scope_type="execution",
        scope_value=str(run.id),
        reason="drill",
    )
    warm(other)
    kill_orders.lift(order=order, actor=_person(project))

    warm(run)


def test_a_revoked_key_is_refused_at_once(project: Project) -> None:
    make_tool(project, "search")
    run = start(project)
    warm(run)

    keys.revoke(key=ApiKey.objects.get(pk=run.caller.key_id), actor=SYSTEM)

    with pytest.raises(Unauthenticated):
        run.ask()
    assert len(run.entries) == 3


@pytest.mark.parametrize("how", BY_HAND)
def test_what_an_operator_does_to_a_key_by_hand_binds_at_once(
    project: Project, owner: psycopg.Connection[Any], how: str
) -> None:
    make_tool(project, "search")
    run = start(project)
    warm(run)

    owner.execute(BY_HAND[how], (run.caller.key_id,))

    with pytest.raises(InsufficientScope if how == "without its scope" else Unauthenticated):
        run.ask()
    assert len(run.entries) == 3


def test_a_key_expires_between_two_actions(project: Project, owner: psycopg.Connection[Any]) -> None:
    make_tool(project, "search")
    run = start(project)
    owner.execute(
        "UPDATE governance_apikey SET expires_at = clock_timestamp() + interval '2.5 seconds' WHERE id = %s",
        (run.caller.key_id,),
    )
    began = time.monotonic()
    warm(run)
    epoch = _epoch(project)

    time.sleep(max(0, 2.6 - (time.monotonic() - began)))

    with pytest.raises(Unauthenticated):
        run.ask()
    assert _epoch(project) == epoch


def _epoch(project: Project) -> int:
    return ProjectHead.objects.get(project=project).epoch


def _person(project: Project) -> Actor:
    return Actor(person=owner_of(project).pk)
