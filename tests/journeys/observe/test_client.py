"""The real client from PyPI, unmodified: whole runs, refused at the start and in the middle, alone and many at once."""

import signal
from typing import Any

import psycopg
import pytest

from executions.models import Execution
from tests.factories import make_policy, make_tool, make_workflow
from tests.journeys.observe.agents import RunProgram, run_program
from tests.journeys.observe.conftest import Observer
from tests.stack.fixtures import Bench
from tests.stack.running import wait_until

__all__ = ["run_program"]

pytestmark = pytest.mark.process

RULE = """@id("no") @message("Not this one.") @effect("{effect}")
forbid (principal, {what});"""
START = 'action == Action::"execution.start", resource == Workflow::"answer"'
SEARCH = 'action in Action::"tool.call", resource == Tool::"search"'
# 1,000 tokens at 0.15 and 200 at 0.60 dollars a million.
MICROS = 270


def runs(bench: Bench) -> list[Execution]:
    return list(Execution.objects.filter(project_id=bench.project.pk).order_by("id"))


def newest(bench: Bench, observer: Observer) -> Any:
    observer.run_id = str(runs(bench)[-1].pk)
    return observer.show()


def verdicts(observer: Observer) -> list[tuple[str, str]]:
    return [
        (entry["action"]["resource"], entry["decision"]["verdict"])
        for entry in observer.entries()
        if entry["type"] == "action.decided"
    ]


def test_an_allowed_run_leaves_a_complete_record(bench: Bench, observer: Observer, run_program: RunProgram) -> None:
    assert run_program("agent.py", "weather").end() == {"returned": {"answer": 42}}

    shown = newest(bench, observer)
    assert (shown["state"], shown["vouched"], shown["workflow"]) == ("completed", "asked", "answer")
    assert (shown["counts"]["model_calls"], shown["counts"]["usd"]) == (1, "0.00027")
    actions = [entry["action"] for entry in observer.entries() if "action" in entry]
    asked = [action["resource"] for action in actions if action["kind"] == "tool.call"]
    assert asked == ["search"]
    assert observer.beside("scores")[0]["name"] == "quality"
    assert next(span["name"] for span in observer.beside("spans")) == "my-agent.answer"


def test_a_run_is_blocked_at_its_start(bench: Bench, observer: Observer, run_program: RunProgram) -> None:
    make_workflow(bench.project, "answer")
    make_policy(bench.project, RULE.format(effect="deny", what=START))

    assert "Not this one." in run_program("agent.py", "weather").end()["refused"]
    assert newest(bench, observer)["state"] == "denied"


@pytest.mark.parametrize(("effect", "state"), [("deny", "failed"), ("halt", "halted"), ("hold", "failed")])
def test_a_policy_published_meanwhile_blocks_in_mid_run(
    bench: Bench, observer: Observer, run_program: RunProgram, effect: str, state: str
) -> None:
    make_tool(bench.project, "search")
    program = run_program("told.py")
    assert program.tell("search before") == {"done": "search before"}

    make_policy(bench.project, RULE.format(effect=effect, what=SEARCH))

    assert "Not this one." in program.tell("search after")["refused"]
    program.process.wait()
    assert newest(bench, observer)["state"] == state
    assert verdicts(observer) == [("answer", "allow"), ("search", "allow"), ("search", effect)]


def test_a_budget_used_up_blocks_in_mid_run(bench: Bench, observer: Observer, run_program: RunProgram) -> None:
    budget = {
        "slug": "two", "name": "Two", "unit": "tool_calls", "limit": 2, "scope": {"type": "agent"}, "period": "day",
    }  # fmt: skip
    bench.governor.post("budgets/", budget, expect=201)
    program = run_program("told.py")

    answers = [program.tell(f"search {number}") for number in range(3)]

    assert answers[:2] == [{"done": "search 0"}, {"done": "search 1"}]
    assert "refused" in answers[2]
    program.process.wait()
    shown = newest(bench, observer)
    assert (shown["state"], shown["cause"]["budget"]) == ("halted", "two")
    (window,) = bench.governor.get("budgets/two/")["windows"]
    assert window["spent"] + window["reserved"] == 2


@pytest.mark.parametrize("next_act", ["search more", "think more"])
def test_a_kill_order_stops_a_run_at_its_next_act(
    bench: Bench, observer: Observer, run_program: RunProgram, next_act: str
) -> None:
    program = run_program("told.py")
    assert program.tell("think first") == {"done": "think first"}

    bench.governor.post("kill-orders/", {"scope": {"type": "agent", "value": "scout"}, "reason": "Enough."}, expect=201)

    assert "refused" in program.tell(next_act)
    program.process.wait()
    shown = newest(bench, observer)
    assert (shown["state"], shown["cause"]["source"]) == ("halted", "kill_order")


def test_what_dies_is_closed_once_when_its_lease_is_over(
    bench: Bench, observer: Observer, run_program: RunProgram
) -> None:
    program = run_program("told.py")
    assert program.tell("search first") == {"done": "search first"}
    program.process.send_signal(signal.SIGKILL)
    program.process.wait()
    shown = newest(bench, observer)
    assert shown["state"] == "running"

    # An hour goes by.
    with psycopg.connect(bench.stack.ready["owner_database_url"]) as connection:
        connection.execute(
            "UPDATE waxell.executions_execution SET expires_at = clock_timestamp() WHERE id = %s", (observer.run_id,)
        )

    wait_until(lambda: observer.show()["state"] == "interrupted", 60)
    shown = observer.show()
    assert (shown["cause"]["code"], shown["counts"]["unresolved"]) == ("lease_lost", 1)
    assert [entry["type"] for entry in observer.entries()].count("execution.closed") == 1
    # A process that was only asleep tells nothing into the record any more.
    assert observer.complete()["state"] == "interrupted"
    assert [entry["type"] for entry in observer.entries()].count("execution.closed") == 1


def test_nested_runs_have_lineage_in_one_process_and_across_two(bench: Bench, run_program: RunProgram) -> None:
    program = run_program("nested.py", api=bench.key(scopes=["execute", "read"]))

    assert program.end() == {"returned": ["dug here", "dug there"]}

    boss, *helpers = runs(bench)
    assert (boss.agent_slug, boss.parent_id, boss.state) == ("boss", None, "completed")
    assert [(row.agent_slug, row.workflow_slug, row.state) for row in helpers] == [("helper", "dig", "completed")] * 2
    assert {(row.parent_id, row.root_id, row.depth) for row in helpers} == {(boss.pk, boss.pk, 1)}


def test_fifty_runs_at_once_each_have_their_record(bench: Bench, run_program: RunProgram) -> None:
    programs = [run_program("crowd.py", str(first), str(first + 10)) for first in range(0, 50, 10)]

    returned = [answer for program in programs for answer in program.end()["returned"]]

    assert sorted(returned) == list(range(50))
    rows = runs(bench)
    assert [row.state for row in rows] == ["completed"] * 50
    assert {(row.tool_calls, row.model_calls, row.spent_micros, row.tokens) for row in rows} == {(1, 1, MICROS, 1200)}
