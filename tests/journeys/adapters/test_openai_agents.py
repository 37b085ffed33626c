"""Agents of the OpenAI Agents SDK: allowed, refused, held and stopped, and whichever way they are run."""

from collections.abc import Iterator

import pytest

from tests.factories import make_budget
from tests.journeys.adapters.conftest import EXAMPLES, PROGRAMS, Approver, RunAgent, held, record_of, rule
from tests.servers import openai_stub
from tests.servers.openai_answers import ToolCall
from tests.servers.openai_stub import OpenAIStub
from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process

EXAMPLE = EXAMPLES / "openai_agents_agent.py"
WAYS = PROGRAMS / "openai_agents_ways.py"
MODEL = ("gpt-4o-mini", "allow")
FORECAST = ("forecast", "allow")


@pytest.fixture
def provider() -> Iterator[OpenAIStub]:
    """A model that wants the weather in Geneva, and then tells a fact."""
    with openai_stub.serve(
        tokens_out=200, tool_call=ToolCall(name="forecast", arguments={"city": "Geneva"})
    ) as provider:
        yield provider


@pytest.fixture
def environ(provider: OpenAIStub) -> dict[str, str]:
    return {"OPENAI_BASE_URL": provider.url, "OPENAI_API_KEY": "none", "OPENAI_AGENTS_DISABLE_TRACING": "1"}


def test_what_is_allowed_is_done_settled_and_closed(
    bench: Bench, run_agent: RunAgent, environ: dict[str, str], provider: OpenAIStub
) -> None:
    printed = run_agent(EXAMPLE, **environ).printed()

    record = record_of(bench)
    assert printed.splitlines() == [f"execution {record.shown['id']}", "forecast for Geneva", "Fact no. 2."]
    assert (record.state, record.verdicts) == ("completed", [MODEL, FORECAST, MODEL])
    # Seven words go in each time; the server prices them by its own list.
    assert record.used == (2, 2 * (7 + 200), "0.000244")


def test_a_refused_tool_is_not_called_and_the_model_is_told(
    bench: Bench, run_agent: RunAgent, environ: dict[str, str], provider: OpenAIStub
) -> None:
    rule(bench, "deny", "forecast")

    printed = run_agent(EXAMPLE, **environ).printed()

    record = record_of(bench)
    assert "forecast for" not in printed
    assert (record.state, record.verdicts) == ("completed", [MODEL, ("forecast", "deny"), MODEL])
    told = provider.asked[-1]["input"][-1]
    assert (told["type"], "Nobody mails from here." in told["output"]) == ("function_call_output", True)


def test_a_refused_model_is_not_called(
    bench: Bench, run_agent: RunAgent, environ: dict[str, str], provider: OpenAIStub
) -> None:
    make_budget(bench.project, unit="model_calls", limit=1, on_exceed="deny")

    status, printed, _ = run_agent(EXAMPLE, **environ).end()

    record = record_of(bench)
    assert (status, len(provider.asked)) == (1, 1)
    assert "refused: gpt-4o-mini was refused" in printed
    assert (record.state, record.verdicts) == ("failed", [MODEL, FORECAST, ("gpt-4o-mini", "deny")])


def test_a_held_tool_is_called_when_a_person_has_agreed(
    bench: Bench, run_agent: RunAgent, environ: dict[str, str]
) -> None:
    rule(bench, "hold", "forecast")

    with Approver(bench):
        printed = run_agent(EXAMPLE, **environ).printed()

    record = record_of(bench)
    assert printed.count("forecast for Geneva") == 1
    assert (record.state, record.verdicts) == ("completed", [MODEL, ("forecast", "hold"), FORECAST, MODEL])


def test_a_held_tool_that_nobody_waits_for_ends_the_run(
    bench: Bench, run_agent: RunAgent, environ: dict[str, str]
) -> None:
    rule(bench, "hold", "forecast")

    printed = run_agent(WAYS, "held", **environ).printed()

    (approval,) = bench.governor.items("approvals/")
    assert printed == f"held {approval['id']}\n"
    assert record_of(bench).state == "failed"


def test_a_stop_ends_the_run(bench: Bench, run_agent: RunAgent, environ: dict[str, str], provider: OpenAIStub) -> None:
    rule(bench, "halt", "forecast")

    status, printed, _ = run_agent(EXAMPLE, **environ).end()

    record = record_of(bench)
    assert (status, len(provider.asked)) == (3, 1)
    assert ("stopped:" in printed, "forecast for" in printed) == (True, False)
    assert (record.state, record.verdicts) == ("halted", [MODEL, ("forecast", "halt")])


def test_a_kill_order_ends_a_run_that_waits(
    bench: Bench, run_agent: RunAgent, environ: dict[str, str], provider: OpenAIStub
) -> None:
    rule(bench, "hold", "forecast")
    agent = run_agent(EXAMPLE, **environ)
    held(bench)

    bench.governor.post("kill-orders/", {"scope": {"type": "project"}, "reason": "Enough."}, expect=201)
    status, printed, _ = agent.end()

    record = record_of(bench)
    assert (status, len(provider.asked)) == (3, 1)
    assert ("stopped:" in printed, "forecast for" in printed) == (True, False)
    assert (record.state, record.verdicts[:2]) == ("halted", [MODEL, ("forecast", "hold")])


@pytest.mark.parametrize("way", ["streamed", "chat", "cloned", "mcp"])
def test_however_it_is_run_it_is_asked_for(
    bench: Bench, run_agent: RunAgent, environ: dict[str, str], way: str
) -> None:
    printed = run_agent(WAYS, way, **environ).printed()

    record = record_of(bench)
    assert printed.splitlines()[-1].strip() == "Fact no. 2."
    assert (record.state, record.verdicts) == ("completed", [MODEL, FORECAST, MODEL])
    calls, tokens, _ = record.used
    assert (calls, tokens > 2 * 200) == (2, True)


def test_agents_that_are_handed_over_to_are_governed(
    bench: Bench, run_agent: RunAgent, environ: dict[str, str], provider: OpenAIStub
) -> None:
    # The first wants to hand over, the second then tells a fact.
    provider.tool_call = ToolCall(name="transfer_to_forecaster", arguments={})

    run_agent(WAYS, "handed_over", **environ).printed()

    record = record_of(bench)
    assert len(provider.asked) == 2
    assert (record.state, record.verdicts) == ("completed", [MODEL, MODEL])


def test_a_stream_that_is_left_is_settled(
    bench: Bench, run_agent: RunAgent, environ: dict[str, str], provider: OpenAIStub
) -> None:
    provider.goes_on.clear()

    run_agent(WAYS, "left", **environ).printed()

    record = record_of(bench)
    assert (record.state, record.verdicts) == ("completed", [MODEL])
    assert record.actions[0]["result"]["status"] == "error"


def test_what_a_tool_asks_for_itself_and_is_refused_is_no_refusal_of_the_tool(
    bench: Bench, run_agent: RunAgent, environ: dict[str, str]
) -> None:
    rule(bench, "deny", "archive")

    printed = run_agent(WAYS, "inside", **environ).printed()

    record = record_of(bench)
    assert printed == "raised archive\n"
    assert record.verdicts == [MODEL, FORECAST, ("archive", "deny")]


def test_a_failing_model_is_settled_as_an_error(bench: Bench, run_agent: RunAgent, environ: dict[str, str]) -> None:
    printed = run_agent(WAYS, "broken", **environ).printed()

    record = record_of(bench)
    assert printed == "InternalServerError\n"
    assert (record.state, record.verdicts) == ("failed", [("broken", "allow")])
    assert record.actions[0]["result"]["status"] == "error"


def test_what_cannot_be_asked_for_is_not_run(
    bench: Bench, run_agent: RunAgent, environ: dict[str, str], provider: OpenAIStub
) -> None:
    printed = run_agent(WAYS, "ungovernable", **environ).printed().splitlines()

    assert "runs an agent that is not governed" in printed[0]
    assert "acts here without being a function" in printed[1]
    assert printed[2:] == ["NoExecution"]
    assert provider.asked == []
