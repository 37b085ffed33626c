"""Budgets over REST, and what they answer when they bite."""

import pytest

from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process

DOLLAR = {
    "slug": "dollar",
    "name": "A dollar",
    "unit": "usd",
    "limit": "1.00",
    "scope": {"type": "project"},
    "period": "day",
    "default_reservation": "0.25",
    "on_exceed": "deny",
}


def test_a_budget_reserves_settles_and_refuses_with_the_numbers_seen(bench: Bench) -> None:
    made = bench.governor.post("budgets/", DOLLAR, expect=201)
    assert set(made) == {"version", "digest", "governance_state"}
    run = bench.start()

    asked = run.ask(estimate={"usd": "0.80"})
    assert asked["estimate_source"]
    (reserved,) = asked["reservations"]
    assert (reserved["budget"], reserved["version"], reserved["unit"]) == ("dollar", 1, "usd")
    assert float(reserved["amount"]) == 0.8
    path = f"{run.path}actions/{asked['seq']}/"
    assert bench.scout.get(path)["reservations"] == [reserved]

    refused = run.ask(estimate={"usd": "0.30"})
    assert (refused["verdict"], refused["reservations"]) == ("deny", [])
    (reason,) = refused["reasons"]
    assert (reason["source"], reason["budget"], reason["version"]) == ("budget", "dollar", 1)
    amounts = {name: float(reason[name]) for name in ("limit", "reserved", "spent", "asked")}
    assert amounts == {"limit": 1, "reserved": 0.8, "spent": 0, "asked": 0.3}
    assert all(isinstance(reason[name], str) for name in amounts)

    (settled,) = run.report(asked["seq"], usage={"usd": "0.10"})["settled"]
    assert {name: float(settled[name]) for name in ("reserved", "spent", "released", "overrun")} == {
        "reserved": 0.8, "spent": 0.1, "released": 0.7, "overrun": 0,
    }  # fmt: skip
    assert bench.scout.get(path)["reservations"] == [{**reserved, "state": "settled"}]
    assert run.ask()["estimate_source"] == "default"

    run.close()
    (window,) = bench.governor.get("budgets/dollar/")["windows"]
    assert {"start", "end", "limit", "reserved", "spent", "overrun", "presumed"} <= set(window)
    # What was allowed and never reported is presumed to be spent.
    assert [float(window[name]) for name in ("reserved", "spent", "presumed")] == [0, 0.35, 0.25]


def test_versions_follow_each_other_and_the_shape_is_fixed(bench: Bench) -> None:
    bench.governor.post("budgets/", DOLLAR, expect=201)
    revised = bench.governor.post(
        "budgets/dollar/versions/", {"limit": "2.5", "default_reservation": "0.5", "note": "More."}, expect=201
    )
    assert revised["version"] == 2

    for shape in ({"unit": "tokens"}, {"period": "month"}, {"scope": {"type": "agent"}}):
        answer = bench.governor.post("budgets/dollar/versions/", {"limit": "3", **shape}, expect=422)
        assert answer["code"] == "budget_shape_fixed"

    shown = bench.governor.get("budgets/dollar/")
    assert (shown["version"], float(shown["limit"])) == (2, 2.5)
    assert [version["version"] for version in bench.governor.items("budgets/dollar/versions/")] == [2, 1]
    assert float(bench.governor.get("budgets/dollar/versions/1/")["limit"]) == 1


def test_an_exceeded_budget_that_halts_ends_the_execution(bench: Bench) -> None:
    body = {
        "slug": "calls",
        "name": "Calls",
        "unit": "tool_calls",
        "limit": 2,
        "scope": {"type": "agent"},
        "period": "day",
    }
    bench.governor.post("budgets/", body, expect=201)
    run = bench.start()

    assert [run.ask()["verdict"] for _ in range(3)] == ["allow", "allow", "halt"]

    cause = run.show()["cause"]
    assert (cause["budget"], cause["limit"], cause["reserved"], cause["asked"]) == ("calls", 2, 2, 1)
    assert run.show()["state"] == "halted"


def test_more_used_than_reserved_is_an_overrun_and_halts(bench: Bench) -> None:
    bench.governor.post("budgets/", DOLLAR, expect=201)
    run = bench.start()
    seq = run.ask()["seq"]

    told = run.report(seq, usage={"usd": "0.75"})

    assert (told["verdict"], told["state"]) == ("halt", "halted")
    assert float(told["settled"][0]["overrun"]) == 0.5


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"limit": 1.5}, 201),
        ({"limit": -1}, 400),
        ({"limit": "a dollar"}, 400),
        ({"limit": True}, 400),
        ({"unit": "tokens", "limit": "10", "default_reservation": 1}, 400),
        ({"unit": "euro"}, 400),
        ({"scope": {"type": "planet"}}, 400),
        ({"scope": {"type": "execution"}}, 422),
        ({"default_reservation": None}, 400),
        ({"surprise": 1}, 400),
        ({"on_exceed": "hold"}, 422),
    ],
)
def test_a_budget_says_what_it_counts_and_how(bench: Bench, change: dict, status: int) -> None:
    bench.governor.post("budgets/", {**DOLLAR, **change}, expect=status)
    assert len(bench.governor.items("budgets/")) == (status == 201)
