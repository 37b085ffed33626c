"""A1 to A6: workers killed, paused, poisoned and called four times: no side effect twice, one record each."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from executions.models import Execution
from tests.factories import make_workflow
from tests.stack.api import Run
from tests.stack.fixtures import Bench
from tests.stack.running import ROOT, Stack, wait_until
from tests.stack.workers import second_worker

pytestmark = pytest.mark.process

LEASE = 10
LAPSE = LEASE + 15
LIVE = ("pending", "running", "suspended")


@pytest.fixture(autouse=True)
def _workflows(bench: Bench) -> Iterator[None]:
    make_workflow(bench.project, "test-steps", kind="worker", max_attempts=3)
    make_workflow(bench.project, "test-poison", kind="worker", max_attempts=3)
    yield
    # Whatever a test stopped goes on, or the next one meets it.
    for process in bench.stack.processes("worker"):
        process.send_signal(signal.SIGCONT)


def marks(bench: Bench, name: str) -> list[tuple[int, int, int]]:
    """What was done so far: step, attempt, process."""
    path = bench.stack.marks / f"{bench.project.slug}-{name}"
    lines = path.read_text().splitlines() if path.exists() else []
    return [tuple(int(word) for word in line.split()) for line in lines]  # type: ignore[misc]


def start(bench: Bench, name: str, workflow: str = "test-steps", **given: object) -> Run:
    given = {"name": f"{bench.project.slug}-{name}", **given}
    return bench.start(workflow, input=given, lease_seconds=LEASE)


def chain(bench: Bench, run: Run) -> list[Execution]:
    """An execution and its successors, in order."""
    rows = [Execution.objects.get(pk=run.id)]
    while following := Execution.objects.filter(retry_of=rows[-1].pk).first():
        rows.append(following)
    return rows


def wait_for_end(bench: Bench, run: Run, states: list[str], seconds: float) -> list[Execution]:
    """Wait until an execution and its successors have ended in these states."""

    def ended() -> bool:
        return [row.state for row in chain(bench, run)] == states

    wait_until(ended, seconds)
    return chain(bench, run)


def once_each(done: list[tuple[int, int, int]]) -> bool:
    """No step twice in one attempt."""
    return len({(step, attempt) for step, attempt, _ in done}) == len(done)


def parent_of(pid: int) -> int:
    import psutil

    return psutil.Process(pid).ppid()


def test_a_killed_pool_process_costs_one_attempt(bench: Bench) -> None:
    run = start(bench, "a1", steps=2, seconds=1.5)
    wait_until(lambda: marks(bench, "a1"), 20)

    os.kill(parent_of(marks(bench, "a1")[0][2]), signal.SIGKILL)

    first, second = wait_for_end(bench, run, ["interrupted", "completed"], LAPSE + 15)
    assert (first.unresolved, second.attempt, second.unresolved) == (1, 2, 0)
    done = marks(bench, "a1")
    assert once_each(done)
    assert [(step, attempt) for step, attempt, _ in done] == [(0, 1), (0, 2), (1, 2)]
    shown = bench.scout.get(f"executions/{second.pk}/")
    assert (shown["retry_of"], shown["vouched"]) == (run.id, "enforced")


def test_a_killed_worker_costs_one_attempt(bench: Bench) -> None:
    bench.governor.post(
        "budgets/",
        {
            "slug": "dollars",
            "name": "D",
            "unit": "usd",
            "limit": "10",
            "scope": {"type": "project"},
            "period": "day",
            "default_reservation": "0.5",
        },
        expect=201,
    )
    run = start(bench, "a2", steps=1, seconds=2)
    wait_until(lambda: marks(bench, "a2"), 20)

    bench.stack.processes("worker")[0].kill()

    first, _ = wait_for_end(bench, run, ["interrupted", "completed"], LAPSE + 20)
    assert first.unresolved == 1
    assert [(step, attempt) for step, attempt, _ in marks(bench, "a2")] == [(0, 1), (0, 2)]
    # What was set aside for the lost step is presumed to be spent.
    (window,) = bench.governor.get("budgets/dollars/")["windows"]
    assert (float(window["presumed"]), float(window["reserved"])) == (0.5, 0)


def test_a_paused_worker_finds_itself_fenced_and_tells_what_it_did(bench: Bench) -> None:
    with second_worker(bench.stack):
        runs = {order: start(bench, f"a4-{order}", seconds=1) for order in ("attempt", "pool", "together")}
        paused: dict[str, tuple[int, int]] = {}
        for order in runs:
            wait_until(lambda order=order: marks(bench, f"a4-{order}"), 20)
            attempt = marks(bench, f"a4-{order}")[0][2]
            paused[order] = (parent_of(attempt), attempt)
            for pid in paused[order]:
                os.kill(pid, signal.SIGSTOP)
        for run in runs.values():
            wait_until(lambda run=run: run.show()["state"] == "interrupted", LAPSE)
        records = {order: run.show()["record"] for order, run in runs.items()}
        assert not any(run.entries(stream="addenda") for run in runs.values())

        # Who wakes first tells or is told to stop; what was done is told in either case.
        os.kill(paused["attempt"][1], signal.SIGCONT)
        os.kill(paused["pool"][0], signal.SIGCONT)
        for pid in paused["together"]:
            os.kill(pid, signal.SIGCONT)
        for run in runs.values():
            wait_until(lambda run=run: run.entries(stream="addenda"), 10)
        os.kill(paused["attempt"][0], signal.SIGCONT)

        for order, run in runs.items():
            wait_for_end(bench, run, ["interrupted", "completed"], 20)
            late, *others = run.entries(stream="addenda")
            assert (late["type"], late["entry"]["about"]) == ("result.late", 3)
            assert {entry["type"] for entry in others} <= {"write.fenced"}
            assert run.show()["record"] == records[order]
            assert [(step, attempt) for step, attempt, _ in marks(bench, f"a4-{order}")] == [(0, 1), (0, 2)]
        told = {order: run.entries(stream="addenda")[0]["entry"]["status"] for order, run in runs.items()}
        assert (told["attempt"], told["pool"]) == ("ok", "error")


def test_one_execution_delivered_to_four_workers_runs_once(bench: Bench) -> None:
    with second_worker(bench.stack):
        for process in bench.stack.processes("worker"):
            process.send_signal(signal.SIGSTOP)
        run = start(bench, "a3", steps=2, seconds=0.2)
        ring(bench.stack, run.id, times=12)
        for process in bench.stack.processes("worker"):
            process.send_signal(signal.SIGCONT)
        wait_for_end(bench, run, ["completed"], 30)
        time.sleep(0.5)

    assert [(step, attempt) for step, attempt, _ in marks(bench, "a3")] == [(0, 1), (1, 1)]
    assert [entry["type"] for entry in run.entries()].count("execution.claimed") == 1


def test_a_poisonous_action_is_tried_as_often_as_declared_and_no_more(bench: Bench) -> None:
    poison = start(bench, "a5", "test-poison")
    others = [start(bench, f"a5-{number}", steps=1) for number in range(3)]

    rows = wait_for_end(bench, poison, ["interrupted"] * 3, 40)
    for other in others:
        wait_for_end(bench, other, ["completed"], 20)

    assert [row.attempt for row in rows] == [1, 2, 3]
    assert [attempt for _, attempt, _ in marks(bench, "a5")] == [1, 2, 3]


def test_attempts_killed_at_any_moment_leave_whole_records(bench: Bench) -> None:
    chance = random.Random(20261124)  # noqa: S311
    runs = [start(bench, f"a6-{number}", steps=4, seconds=0.1) for number in range(10)]

    killed = 0
    until = time.monotonic() + 40
    while killed < 20 and time.monotonic() < until and live(bench):
        time.sleep(chance.uniform(0.0, 0.25))
        if attempts := bench.stack.attempts():
            chance.choice(attempts).kill()
            killed += 1
    wait_until(lambda: not live(bench), 60)
    # Whatever may still be owed a successor gets it within a round or two.
    time.sleep(1.5)
    wait_until(lambda: not live(bench), 60)

    assert killed >= 10
    for number, run in enumerate(runs):
        done = marks(bench, f"a6-{number}")
        rows = chain(bench, run)
        assert once_each(done)
        assert {row.state for row in rows[:-1]} <= {"interrupted"}
        assert rows[-1].state == "completed" or len(rows) == 3
        if rows[-1].state == "completed":
            assert [step for step, attempt, _ in done if attempt == rows[-1].attempt] == [0, 1, 2, 3]


def live(bench: Bench) -> bool:
    return Execution.objects.filter(project_id=bench.project.pk, state__in=LIVE).exists()


def ring(stack: Stack, execution_id: str, *, times: int) -> None:
    """Ring the doorbell for one execution again and again, from a process of its own."""
    environ = stack.processes("web")[0].environ()
    code = f"from executions.services.doorbell import ring\nfor _ in range({times}): ring('{execution_id}')"
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "-c", code]
    subprocess.run(command, env=environ, check=True, capture_output=True)
