"""Kill orders over REST: what stops now, what is refused afterwards, and lifting."""

import time

import pytest

from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process


def test_an_order_stops_silent_executions_within_two_seconds_and_is_lifted(bench: Bench) -> None:
    silent, busy = bench.start(), bench.start()
    busy.ask()

    began = time.monotonic()
    order = bench.governor.post("kill-orders/", {"scope": {"type": "project"}, "reason": "It loops."}, expect=201)
    states = {run.id: run.show()["state"] for run in (silent, busy)}
    assert time.monotonic() - began < 2

    assert set(states.values()) == {"halted"}
    assert set(order["stopped"]) == set(states)
    assert (order["in_flight"], order["scope"]) == (1, {"type": "project", "value": None})
    assert silent.show()["cause"] | {"message": ""} == {
        "source": "kill_order", "effect": "halt", "code": "killed", "message": "", "kill_order": order["id"],
    }  # fmt: skip
    refused = bench.start()
    assert (refused.answer["state"], refused.answer["verdict"], refused.answer["lease"]) == ("denied", "halt", None)

    lifted = bench.governor.post(f"kill-orders/{order['id']}/lift/", {"reason": "Mended."})
    assert lifted["lifted_at"]
    assert bench.governor.post(f"kill-orders/{order['id']}/lift/", expect=409)["code"] == "kill_order_not_in_force"
    assert bench.start().answer["state"] == "running"
    assert silent.show()["state"] == "halted"
    assert [item["id"] for item in bench.governor.items("kill-orders/")] == [order["id"]]
    assert bench.governor.get(f"kill-orders/{order['id']}/")["lifted_at"] == lifted["lifted_at"]


@pytest.mark.parametrize("scope", ["agent", "workflow", "end_user", "execution", "team"])
def test_an_order_reaches_its_scope_and_nothing_else(bench: Bench, scope: str) -> None:
    bench.governor.post("agents/", {"slug": "teamed", "name": "Teamed", "teams": ["blue"]}, expect=201)
    from governance.models import Agent

    teamed = bench.key(agent=Agent.objects.get(project=bench.project, slug="teamed"))
    body = {"workflow": "errand", "end_user": "eve"}
    hit = teamed.post("executions/", body, expect=201)["id"]
    spared = bench.start("chore", end_user="carol")
    value = {"agent": "teamed", "workflow": "errand", "end_user": "eve", "execution": hit, "team": "blue"}[scope]

    order = bench.governor.post(
        "kill-orders/", {"scope": {"type": scope, "value": value}, "reason": "Now."}, expect=201
    )

    assert order["stopped"] == [hit]
    assert spared.show()["state"] == "running"
    if scope != "execution":
        assert teamed.post("executions/", body, expect=201)["state"] == "denied"


@pytest.mark.parametrize("scope", ["tool", "model"])
def test_an_order_on_a_tool_or_model_halts_whoever_asks_for_it(bench: Bench, scope: str) -> None:
    run = bench.start()
    bench.governor.post("kill-orders/", {"scope": {"type": scope, "value": "x"}, "reason": "Now."}, expect=201)

    assert run.ask("y", kind=f"{scope}.call")["verdict"] == "allow"
    stopped = run.ask("x", kind=f"{scope}.call")
    assert (stopped["verdict"], stopped["reasons"][0]["source"]) == ("halt", "kill_order")


def test_an_order_on_everything_reaches_every_project_of_its_owner(bench: Bench) -> None:
    run = bench.start()

    order = bench.governor.post("kill-orders/", {"scope": {"type": "all"}, "reason": "Everything."}, expect=201)

    assert order["stopped"] == [run.id]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"scope": {"type": "project", "value": "x"}, "reason": "r"}, 422),
        ({"scope": {"type": "agent"}, "reason": "r"}, 422),
        ({"scope": {"type": "planet", "value": "x"}, "reason": "r"}, 422),
        ({"scope": {"type": "execution", "value": "x"}, "reason": "r"}, 400),
        ({"scope": "project", "reason": "r"}, 400),
        ({"scope": {"type": "project"}}, 400),
    ],
)
def test_an_order_says_what_to_stop_and_why(bench: Bench, body: dict, status: int) -> None:
    bench.governor.post("kill-orders/", body, expect=status)
    assert bench.governor.items("kill-orders/") == []
