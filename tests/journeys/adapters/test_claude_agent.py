"""The real Claude Agent SDK and its CLI with a scripted model: allowed, refused, held and stopped, and the records."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.adapters.conftest import (
    EXAMPLES,
    PROGRAMS,
    Agent,
    Approver,
    RunAgent,
    held,
    record_of,
    rule,
    rule_on_model,
)
from tests.servers import anthropic_stub
from tests.servers.anthropic_stub import AnthropicStub, ToolCall
from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process

PROGRAM = EXAMPLES / "claude_agent.py"
WEATHER, MAIL = "mcp__office__weather", "mcp__office__mail"
CALLS = [
    ToolCall(name=WEATHER, input={"city": "Geneva"}),
    ToolCall(name=MAIL, input={"to": "dave", "text": "sunny"}),
]
BEFORE_MAIL = [("claude-sonnet-4-5", "allow"), (WEATHER, "allow")]


@pytest.fixture
def model() -> Iterator[AnthropicStub]:
    with anthropic_stub.serve(CALLS, tokens_in=1000, tokens_out=200) as stub:
        yield stub


class Run:
    """Starts programs whose model is the stub, and which nothing leads out of this machine."""

    def __init__(self, run_agent: RunAgent, model: AnthropicStub, home: Path) -> None:
        self._run, self._model, self._home = run_agent, model, home

    def __call__(self, program: Path, *words: str) -> Agent:
        return self._run(
            program,
            *words,
            ANTHROPIC_BASE_URL=self._model.url,
            ANTHROPIC_API_KEY="none",
            CLAUDE_CONFIG_DIR=str(self._home / "claude"),
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
            DISABLE_TELEMETRY="1",
        )


@pytest.fixture
def run(run_agent: RunAgent, model: AnthropicStub, tmp_path: Path) -> Run:
    return Run(run_agent, model, tmp_path)


def test_an_allowed_agent_leaves_a_complete_record(bench: Bench, run: Run) -> None:
    assert run(PROGRAM).printed() == "Heard: sent to dave\n"

    record = record_of(bench)
    assert record.state == "completed"
    assert record.verdicts == [*BEFORE_MAIL, (MAIL, "allow")]
    # One prompt, for which the model was called three times: 3000 tokens in for 3 $ a million, 600 out for 15 $.
    assert record.used == (1, 3600, "0.018")


def test_the_model_is_told_why_a_tool_was_refused_and_goes_on(bench: Bench, run: Run) -> None:
    rule(bench, "deny", MAIL)

    said = run(PROGRAM).printed()

    assert f"{MAIL} was refused: Nobody mails from here." in said
    record = record_of(bench)
    assert record.state == "completed"
    assert record.verdicts == [*BEFORE_MAIL, (MAIL, "deny")]


def test_a_held_tool_is_called_once_it_is_granted(bench: Bench, run: Run) -> None:
    rule(bench, "hold", MAIL)

    with Approver(bench):
        assert run(PROGRAM).printed() == "Heard: sent to dave\n"

    record = record_of(bench)
    assert record.state == "completed"
    assert record.verdicts == [*BEFORE_MAIL, (MAIL, "hold"), (MAIL, "allow")]
    assert record.actions[2]["approval"]["state"] == "used"


def test_who_does_not_wait_for_a_person_gets_held(bench: Bench, run: Run, model: AnthropicStub) -> None:
    rule(bench, "hold", MAIL)

    status, printed, errors = run(PROGRAMS / "without_waiting.py", str(PROGRAM)).end()

    assert (status, printed) == (1, "")
    assert f"waxell_client.errors.Held: {MAIL} waits for a person: Nobody mails from here." in errors
    record = record_of(bench)
    assert record.state == "failed"
    assert record.verdicts == [*BEFORE_MAIL, (MAIL, "hold")]
    # What was used until then is settled, and the model was not asked again.
    assert record.used == (1, 2400, "0.012")
    assert len(model.asked) == 2


def test_a_rule_stops_the_agent_in_mid_run(bench: Bench, run: Run, model: AnthropicStub) -> None:
    rule(bench, "halt", MAIL)

    status, printed, errors = run(PROGRAM).end()

    assert (status, printed) == (1, "")
    assert errors.splitlines()[-1].startswith("stopped: The execution is over (halted): Nobody mails from here.")
    # The prompt was under way when the record was closed; what it had used came late.
    record = record_of(bench, unsettled=1)
    assert (record.state, record.late) == ("halted", ["result.late"])
    assert record.verdicts == [*BEFORE_MAIL, (MAIL, "halt")]
    assert len(model.asked) == 2


def test_a_kill_order_stops_an_agent_that_waits(bench: Bench, run: Run, model: AnthropicStub) -> None:
    rule(bench, "hold", MAIL)
    agent = run(PROGRAM)
    held(bench)

    bench.governor.post("kill-orders/", {"scope": {"type": "agent", "value": "scout"}, "reason": "No."}, expect=201)

    status, printed, errors = agent.end()
    assert (status, printed) == (1, "")
    assert errors.splitlines()[-1].startswith("stopped: The execution is over (halted)")
    record = record_of(bench, unsettled=1)
    assert (record.state, record.late) == ("halted", ["result.late"])
    assert len(model.asked) == 2


def test_a_model_that_is_refused_is_not_asked(bench: Bench, run: Run, model: AnthropicStub) -> None:
    rule_on_model(bench, "deny", "claude-sonnet-4-5")

    status, printed, errors = run(PROGRAM).end()

    assert (status, printed) == (1, "")
    assert "waxell_client.errors.Refused: claude-sonnet-4-5 was refused: Nobody mails from here." in errors
    assert record_of(bench).verdicts == [("claude-sonnet-4-5", "deny")]
    assert model.asked == []


def test_each_prompt_of_a_session_is_settled_with_its_own_use(bench: Bench, run: Run, model: AnthropicStub) -> None:
    printed = run(PROGRAMS / "claude_sessions.py").printed()

    # Waxell allowed the mail, and the CLI did not: it was not sent.
    assert "Heard: Claude requested permissions to use mcp__office__mail" in printed
    record = record_of(bench)
    prompt = ("claude-sonnet-4-5", "allow")
    assert record.verdicts == [prompt, (WEATHER, "allow"), (MAIL, "allow"), prompt, prompt]
    assert [action["result"]["status"] for action in record.actions] == ["ok", "error", "error", "ok", "ok"]
    # Three calls for the first prompt, one for the second, one for that of the session resumed.
    assert len(model.asked) == 5
    assert record.used == (3, 5 * 1200, "0.03")
