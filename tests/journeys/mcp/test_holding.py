"""A held call: it waits, it can be asked for again, and a person's word decides."""

import pytest

from tests.factories import make_policy
from tests.journeys.mcp.conftest import PATIENCE, Bank, Scene, text_of, told

pytestmark = pytest.mark.process

MODES = pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])

PAYMENTS_WAIT = """
@id("payments") @message("A person looks at payments.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"bank/pay");
"""


@pytest.fixture
def asked(scene: Scene, bank: Bank) -> Bank:
    """The bank, with a rule that asks a person before it pays."""
    with scene.agent("bank") as agent:
        agent.tools()
    make_policy(scene.bench.project, PAYMENTS_WAIT)
    return bank


@MODES
def test_a_grant_that_comes_later_is_found_by_the_same_call(scene: Scene, asked: Bank, mode: str) -> None:
    with scene.agent("bank", mode=mode) as agent:
        waiting = agent.call("pay", amount=5)
        said = told(waiting)
        assert (said["verdict"], said["code"]) == ("hold", "approval_pending")
        assert said["approval"] == {"id": scene.approval()["id"], "state": "pending"}
        assert said["approval"]["id"] in text_of(waiting)
        assert told(agent.call("pay", amount=5))["approval"]["id"] == said["approval"]["id"]
        assert asked.payments == []

        scene.decide("grant")
        paid = agent.call("pay", amount=5)

    assert text_of(paid) == "paid"
    assert asked.payments == [{"amount": 5}]
    assert scene.closed()["state"] == "completed"


@MODES
def test_a_call_waits_for_the_person_and_tells_that_it_waits(scene: Scene, asked: Bank, mode: str) -> None:
    heard: list[str | None] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        heard.append(message)

    with scene.gateway_with(hold_seconds="120"), scene.agent("bank", mode=mode) as agent:
        under_way = agent.portal.start_task_soon(
            lambda: agent.client.call_tool("pay", {"amount": 5}, progress_callback=listen)
        )
        scene.decide("grant")
        paid = under_way.result(PATIENCE)

    assert text_of(paid) == "paid"
    assert heard[0] == "Waiting for a person"
    assert asked.payments == [{"amount": 5}]


@MODES
def test_a_refusal_is_told_and_nothing_is_done(scene: Scene, asked: Bank, mode: str) -> None:
    with scene.gateway_with(hold_seconds="120"), scene.agent("bank", mode=mode) as agent:
        under_way = agent.calling("pay", amount=5)
        refused_by = scene.decide("refuse")
        refused = told(under_way.result(PATIENCE))

    assert (refused["verdict"], refused["code"]) == ("deny", "approval_refused")
    assert refused["approval"] == {"id": refused_by["id"], "state": "refused"}
    assert asked.payments == []


def test_a_grant_is_for_these_arguments(scene: Scene, asked: Bank) -> None:
    with scene.agent("bank", mode="2026-07-28") as agent:
        agent.call("pay", amount=5)
        scene.decide("grant")
        other = told(agent.call("pay", amount=500))
        assert other["code"] == "approval_pending"
        scene.decide("refuse")
        assert text_of(agent.call("pay", amount=5)) == "paid"

    assert asked.payments == [{"amount": 5}]


def test_another_call_of_the_session_waits_for_its_turn(scene: Scene, asked: Bank) -> None:
    with scene.agent("bank") as agent:
        agent.call("pay", amount=5)
        assert told(agent.call("pay", amount=6))["code"] == "execution_suspended"
        scene.decide("grant")
        assert text_of(agent.call("pay", amount=5)) == "paid"


@MODES
def test_a_client_that_does_not_wait_may_come_back(scene: Scene, asked: Bank, mode: str) -> None:
    with scene.gateway_with(hold_seconds="120"), scene.agent("bank", mode=mode) as agent:
        under_way = agent.calling("pay", amount=5)
        first = scene.approval()
        under_way.cancel()
        # A request of the same client that is answered: the one before it has been taken back by then.
        agent.tools()
        again = agent.calling("pay", amount=5)
        assert scene.decide("grant")["id"] == first["id"]
        assert text_of(again.result(PATIENCE)) == "paid"

    assert asked.payments == [{"amount": 5}]
