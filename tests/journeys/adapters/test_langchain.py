"""The real LangChain and LangGraph with a scripted model: allowed, refused, held and stopped, and the records."""

import pytest

from tests.journeys.adapters.conftest import PROGRAMS, Approver, RunAgent, held, record_of, rule
from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process

PROGRAM = PROGRAMS / "langchain_scripted.py"
MODEL = ("gpt-4o-mini", "allow")
BEFORE_MAIL = [MODEL, ("weather", "allow"), MODEL]
ways = pytest.mark.parametrize("way", ["sync", "async", "graph"])


@ways
def test_an_allowed_agent_leaves_a_complete_record(bench: Bench, run_agent: RunAgent, way: str) -> None:
    assert run_agent(PROGRAM, "wait", way).printed() == "Heard: sent to dave\n"

    record = record_of(bench)
    assert record.state == "completed"
    assert record.verdicts == [*BEFORE_MAIL, ("mail", "allow"), MODEL]
    # A thousand tokens in and two hundred out, three times, at the model's price.
    assert record.used == (3, 3600, "0.00081")


@ways
def test_the_model_is_told_why_a_tool_was_refused_and_goes_on(bench: Bench, run_agent: RunAgent, way: str) -> None:
    rule(bench, "deny")

    said = run_agent(PROGRAM, "wait", way).printed()

    assert said.startswith("Heard: mail was refused: Nobody mails from here.")
    record = record_of(bench)
    assert record.state == "completed"
    assert record.verdicts == [*BEFORE_MAIL, ("mail", "deny"), MODEL]


@ways
def test_a_held_tool_is_called_once_it_is_granted(bench: Bench, run_agent: RunAgent, way: str) -> None:
    rule(bench, "hold")

    with Approver(bench):
        assert run_agent(PROGRAM, "wait", way).printed() == "Heard: sent to dave\n"

    record = record_of(bench)
    assert record.state == "completed"
    assert record.verdicts == [*BEFORE_MAIL, ("mail", "hold"), ("mail", "allow"), MODEL]
    assert record.actions[3]["approval"]["state"] == "used"


@ways
def test_who_does_not_wait_for_a_person_gets_held(bench: Bench, run_agent: RunAgent, way: str) -> None:
    rule(bench, "hold")

    status, printed, errors = run_agent(PROGRAM, "raise", way).end()

    assert (status, printed) == (1, "")
    assert "waxell_client.errors.Held: mail waits for a person: Nobody mails from here." in errors
    record = record_of(bench)
    assert record.state == "failed"
    assert record.verdicts == [*BEFORE_MAIL, ("mail", "hold")]


@ways
def test_a_rule_stops_the_agent_in_mid_run(bench: Bench, run_agent: RunAgent, way: str) -> None:
    rule(bench, "halt")

    status, printed, errors = run_agent(PROGRAM, "wait", way).end()

    assert (status, printed) == (1, "")
    assert "waxell_client.errors.Stopped: The execution is over (halted): Nobody mails from here." in errors
    record = record_of(bench)
    assert record.state == "halted"
    assert record.verdicts == [*BEFORE_MAIL, ("mail", "halt")]
    assert record.used == (2, 2400, "0.00054")


def test_a_kill_order_stops_an_agent_that_waits(bench: Bench, run_agent: RunAgent) -> None:
    rule(bench, "hold")
    agent = run_agent(PROGRAM, "wait", "sync")
    held(bench)

    bench.governor.post("kill-orders/", {"scope": {"type": "agent", "value": "scout"}, "reason": "No."}, expect=201)

    status, printed, errors = agent.end()
    assert (status, printed) == (1, "")
    assert "waxell_client.errors.Stopped: The execution is over (halted)" in errors
    assert record_of(bench).state == "halted"
