"""A16 and the watchdog: what is stopped stops, for silent executions, busy agents and workers alike."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.factories import make_workflow
from tests.stack.api import Run
from tests.stack.fixtures import Bench
from tests.stack.running import wait_until

pytestmark = pytest.mark.process


def test_after_a_kill_order_nobody_acts_any_more(bench: Bench) -> None:
    make_workflow(bench.project, "test-steps", kind="worker", max_attempts=3)
    name = f"{bench.project.slug}-a16"
    workers = [
        bench.start("test-steps", input={"name": f"{name}-{number}", "steps": 400, "seconds": 0.05})
        for number in range(2)
    ]
    marks = [bench.stack.marks / f"{name}-{number}" for number in range(2)]
    wait_until(lambda: all(mark.exists() for mark in marks), 20)
    agents = [bench.start() for _ in range(8)]
    last_asked: list[float] = []

    def loop(run: Run) -> float:
        """Ask until refused; when was the last question asked that was allowed?"""
        asked = 0.0
        while True:
            began = time.monotonic()
            body = {"fence": run.fence, "kind": "tool.call", "resource": "search"}
            response = bench.scout.send("POST", f"{run.path}actions/", body)
            if response.status_code == 409 or response.json()["verdict"] != "allow":
                return asked
            asked = began

    with ThreadPoolExecutor(8) as pool:
        looping = [pool.submit(loop, run) for run in agents]
        time.sleep(0.7)
        order = bench.governor.post("kill-orders/", {"scope": {"type": "project"}, "reason": "Stop."}, expect=201)
        placed = time.monotonic()
        last_asked = [future.result(timeout=30) for future in looping]

    assert max(last_asked) > 0
    assert all(asked < placed for asked in last_asked)
    done = [len(mark.read_text().splitlines()) for mark in marks]
    for run in (*agents, *workers):
        shown = run.show()
        assert (shown["state"], shown["cause"]["kill_order"]) == ("halted", order["id"])
        types = [entry["type"] for entry in run.entries()]
        assert (types[-1], types.count("execution.closed")) == ("execution.closed", 1)
    time.sleep(0.5)
    # A step that had been allowed may have been under way.
    for mark, before in zip(marks, done, strict=True):
        assert len(mark.read_text().splitlines()) <= before + 1
    wait_until(lambda: not bench.stack.attempts(), 15)


def test_a_rule_that_comes_in_force_stops_a_silent_execution(bench: Bench) -> None:
    silent = bench.start()
    text = (
        '@id("over") @message("Errands are over.") @effect("halt")\n'
        'forbid (principal, action == Action::"execution.continue", resource);'
    )
    bench.governor.post("policies/", {"slug": "over", "name": "Over", "text": text}, expect=201)

    bench.governor.post("policies/over/publish/", {"note": ""})
    wait_until(lambda: silent.show()["state"] == "halted", 2)

    assert silent.show()["cause"]["rule"] == "over"
