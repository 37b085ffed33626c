"""D7: the same request at once, under one Idempotency-Key, takes effect once for each caller."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.stack.api import Api
from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process

TWINS = 16
AGENT = {"slug": "new", "name": "New"}


def at_once(api: Api, path: str, bodies: list[Any]) -> list[httpx.Response]:
    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(lambda body: api.send("POST", path, body, retry="once"), bodies))


@pytest.mark.parametrize("name", ["start", "action", "close", "agent"])
def test_twins_take_effect_once_and_all_hear_of_it(bench: Bench, name: str) -> None:
    run = bench.start()
    api, path, body = {
        "start": (bench.scout, "executions/", {"workflow": "errand"}),
        "action": (bench.scout, f"{run.path}actions/", {"fence": run.fence, "kind": "tool.call", "resource": "x"}),
        "close": (bench.scout, f"{run.path}close/", {"fence": run.fence, "outcome": "completed"}),
        "agent": (bench.governor, "agents/", AGENT),
    }[name]
    executions, entries, agents = (len(bench.scout.items("executions/")), 1, 1)

    answers = at_once(api, path, [body] * TWINS)

    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == TWINS - 1
    assert len(bench.scout.items("executions/")) == executions + (name == "start")
    assert len(run.entries()) == entries + (name in ("action", "close"))
    assert len(bench.governor.items("agents/")) == agents + (name == "agent")


def test_of_different_bodies_at_once_one_wins_and_the_others_are_told(bench: Bench) -> None:
    run = bench.start()
    bodies = [{"fence": run.fence, "kind": "tool.call", "resource": f"tool-{number}"} for number in range(TWINS)]

    answers = at_once(bench.scout, f"{run.path}actions/", bodies)

    assert sorted(answer.status_code for answer in answers) == [200] + [422] * (TWINS - 1)
    assert len(run.entries()) == 2


def test_each_caller_has_keys_of_its_own(bench: Bench) -> None:
    callers = [bench.scout, bench.another_agent("second"), bench.another_agent("third")]

    answers = [caller.post("executions/", {"workflow": "errand"}, expect=201, retry="once") for caller in callers]

    assert len({answer["id"] for answer in answers}) == 3
