"""A16 and the watchdog: what is stopped stops, for silent executions, busy agents and workers alike."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psutil
import pytest

from tests.factories import make_workflow
from tests.stack.api import Run
from tests.stack.fixtures import Bench
from tests.stack.running import wait_until
from tests.stack.workers import second_worker
from waxell.lib.times import parse_time

pytestmark = pytest.mark.process


WORKERS = 8
AGENTS = 8


def test_after_a_kill_order_nobody_acts_any_more(bench: Bench) -> None:
    make_workflow(bench.project, "test-steps", kind="worker", max_attempts=3)
    names = [f"{bench.project.slug}-a16-{number}" for number in range(WORKERS)]
    marks = [bench.stack.marks / name for name in names]

    # The stack's own worker runs two at once.
    with second_worker(bench.stack, processes=WORKERS - 2):
        given = {"steps": 2000, "seconds": 0.05}
        workers = [bench.start("test-steps", input={"name": name, **given}) for name in names]
        wait_until(lambda: all(mark.exists() for mark in marks), 40)
        attempts = {int(mark.read_text().split()[2]) for mark in marks}
        assert (len(attempts), {run.show()["state"] for run in workers}) == (WORKERS, {"running"})
        agents = [bench.start() for _ in range(AGENTS)]
        silent = bench.start()

        with ThreadPoolExecutor(AGENTS) as pool:
            looping = [pool.submit(ask_until_refused, bench, run) for run in agents]
            time.sleep(0.7)
            order = bench.governor.post("kill-orders/", {"scope": {"type": "project"}, "reason": "Stop."}, expect=201)
            placed = time.monotonic()
            done = [len(mark.read_text().splitlines()) for mark in marks]
            last_asked = [future.result(timeout=30) for future in looping]

        runs = (*agents, *workers, silent)
        assert max(last_asked) > 0
        assert all(asked < placed for asked in last_asked)
        for run in runs:
            shown = run.show()
            assert (shown["state"], shown["cause"]["kill_order"]) == ("halted", order["id"])
            # By the database's clock: how long the test machine takes to ask is not the question.
            assert parse_time(shown["ended_at"]) - parse_time(order["placed_at"]) < timedelta(seconds=2)
            types = [entry["type"] for entry in run.entries()]
            assert (types[-1], types.count("execution.closed")) == ("execution.closed", 1)
        wait_until(lambda: not any(psutil.pid_exists(pid) for pid in attempts), 15)
        # A step that had been allowed may have been under way.
        for mark, before in zip(marks, done, strict=True):
            assert len(mark.read_text().splitlines()) <= before + 1


def ask_until_refused(bench: Bench, run: Run) -> float:
    """Ask again and again; returns when the last question was asked that was allowed."""
    asked = 0.0
    while True:
        began = time.monotonic()
        body = {"fence": run.fence, "kind": "tool.call", "resource": "search"}
        response = bench.scout.send("POST", f"{run.path}actions/", body)
        if response.status_code == 409 or response.json()["verdict"] != "allow":
            return asked
        asked = began


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
