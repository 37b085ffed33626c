"""Every way a program ends leaves a closed record: signals, exits, forks, and kill -9 through the lease."""

import signal
from typing import Any

import pytest

from tests.journeys.client.conftest import RunProgram
from tests.journeys.client.test_holding import hold_mail
from tests.stack.fixtures import Bench
from tests.stack.running import wait_until

pytestmark = pytest.mark.process


def shown(bench: Bench, execution_id: str) -> dict[str, Any]:
    found: dict[str, Any] = bench.governor.get(f"executions/{execution_id}/")
    return found


@pytest.mark.parametrize("how", ["blocking", "asyncio", "thread"])
def test_sigterm_closes_the_record(bench: Bench, run_program: RunProgram, how: str) -> None:
    program = run_program("long_agent.py", how)
    execution_id = program.line()
    assert program.line() == "acting"

    program.send(signal.SIGTERM)
    status, errors = program.end()

    assert status == 128 + signal.SIGTERM, errors
    row = shown(bench, execution_id)
    assert (row["state"], row["counts"]["unresolved"]) == ("failed", 0)


def test_sigterm_ends_the_wait_for_a_person(bench: Bench, run_program: RunProgram) -> None:
    hold_mail(bench)
    program = run_program("long_agent.py", "held")
    execution_id = program.line()
    (approval,) = wait_until(lambda: bench.governor.items("approvals/", state="pending"))

    program.send(signal.SIGTERM)
    status, errors = program.end()

    assert status == 128 + signal.SIGTERM, errors
    assert shown(bench, execution_id)["state"] == "failed"
    assert bench.governor.get(f"approvals/{approval['id']}/")["state"] == "lapsed"


@pytest.mark.parametrize("how", ["blocking", "asyncio"])
def test_ctrl_c_closes_the_record(bench: Bench, run_program: RunProgram, how: str) -> None:
    program = run_program("long_agent.py", how)
    execution_id = program.line()
    assert program.line() == "acting"

    program.send(signal.SIGINT)
    _, errors = program.end()

    assert "KeyboardInterrupt" in errors
    row = shown(bench, execution_id)
    assert (row["state"], row["counts"]["unresolved"]) == ("failed", 0)


def test_the_interpreters_end_closes_what_was_left_open(bench: Bench, run_program: RunProgram) -> None:
    program = run_program("long_agent.py", "left-open")
    execution_id = program.line()

    assert program.end() == (0, "")
    assert shown(bench, execution_id)["state"] == "failed"


def test_leaving_by_exit_zero_is_no_failure(bench: Bench, run_program: RunProgram) -> None:
    program = run_program("long_agent.py", "exit")
    execution_id = program.line()

    assert program.end() == (0, "")
    assert shown(bench, execution_id)["state"] == "completed"


def test_a_handler_of_the_programs_own_stays(bench: Bench, run_program: RunProgram) -> None:
    program = run_program("long_agent.py", "own-handler")
    execution_id = program.line()

    program.send(signal.SIGTERM)

    assert program.line() == "mine"
    assert program.end() == (0, "")
    assert shown(bench, execution_id)["state"] == "completed"


def test_a_forked_child_does_not_close_its_parents_execution(bench: Bench, run_program: RunProgram) -> None:
    program = run_program("long_agent.py", "fork")
    execution_id = program.line()

    assert program.end()[0] == 0
    row = shown(bench, execution_id)
    assert (row["state"], row["counts"]["tool_calls"]) == ("completed", 1)


def test_kill_9_leaves_an_interrupted_record_when_the_lease_is_over(bench: Bench, run_program: RunProgram) -> None:
    program = run_program("short_lease.py")
    execution_id = program.line()

    program.send(signal.SIGKILL)
    program.end()

    row = wait_until(lambda: (seen := shown(bench, execution_id))["state"] != "running" and seen, 30)
    assert row["state"] == "interrupted"
    assert row["counts"]["unresolved"] == 1
