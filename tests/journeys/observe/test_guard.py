"""Prompts looked at before they are sent, and what models cost: answered, and nothing of it kept."""

from decimal import Decimal
from typing import Any

import pytest

from executions.models import Execution
from governance.domain.prices import PRICE_LIST
from tests.factories import make_policy
from tests.journeys.observe.agents import RunProgram, run_program
from tests.journeys.observe.conftest import Observer
from tests.stack.fixtures import Bench
from waxell.ledger.models import Entry

__all__ = ["run_program"]

pytestmark = pytest.mark.process

TEXT = "Deploy with AKIA" + "IOSFODNN7EXAMPLE, then mail bob@example.org."
RULE = """@id("no-keys") @message("No keys in prompts.") @effect("{effect}")
forbid (principal, action == Action::"data.access", resource == Dataset::"prompt/credentials");"""


def details(answer: Any) -> list[str]:
    return [violation["detail"] for violation in answer["violations"]]


def test_a_plain_prompt_may_be_sent(observer: Observer) -> None:
    answer = observer.post("prompt-guard/", {"text": "What is the weather?", "model": "gpt-4o-mini"})

    assert (answer["action"], answer["violations"]) == ("allow", [])
    assert answer["redacted_text"] == "What is the weather?"
    assert answer["scan_time_ms"] > 0


def test_what_is_found_is_flagged_where_no_rule_forbids_it(bench: Bench, observer: Observer) -> None:
    before = Entry.objects.filter(project_id=bench.project.pk).count()

    answer = observer.post("prompt-guard/", {"text": TEXT, "agent_name": "my-agent", "model": "gpt-4o-mini"})

    assert answer["action"] == "warn"
    assert details(answer) == ["credentials: aws_access_key", "personal: email_address"]
    assert answer["redacted_text"] == "Deploy with ##AWS_ACCESS_KEY##, then mail ##EMAIL_ADDRESS##."
    assert Entry.objects.filter(project_id=bench.project.pk).count() == before
    assert not Execution.objects.filter(project_id=bench.project.pk).exists()


@pytest.mark.parametrize(
    ("effect", "action"), [("deny", "block"), ("halt", "block"), ("hold", "block"), ("flag", "warn")]
)
def test_rules_decide_what_happens(bench: Bench, observer: Observer, effect: str, action: str) -> None:
    make_policy(bench.project, RULE.format(effect=effect))

    answer = observer.post("prompt-guard/", {"text": TEXT})

    assert answer["action"] == action
    assert answer["violations"][0]["reason"].startswith("No keys in prompts.")
    assert observer.post("prompt-guard/", {"text": "mail bob@example.org"})["action"] == "warn"


def test_without_a_permit_what_is_found_is_refused(bench: Bench, observer: Observer) -> None:
    bench.governor.post("policies/baseline/retire/", {"note": "An allow-list from here on."})

    assert observer.post("prompt-guard/", {"text": TEXT})["action"] == "block"
    assert observer.post("prompt-guard/", {"text": "What is the weather?"})["action"] == "allow"


def test_the_real_client_asks_for_its_instrumented_calls(bench: Bench, run_program: RunProgram) -> None:
    make_policy(bench.project, RULE.format(effect="deny"))
    program = run_program("guard.py", WAXELL_PROMPT_GUARD="1", WAXELL_PROMPT_GUARD_SERVER="1")

    answer = program.end(TEXT)

    assert not answer["passed"]
    assert "[server] credentials: aws_access_key" in answer["violations"]
    assert answer["told"]["action"] == "block"
    assert "AKIA" not in answer["told"]["redacted_text"]


def test_a_service_asks_for_the_agent_it_names(bench: Bench, service: Observer) -> None:
    rule = RULE.format(effect="deny").replace("principal,", 'principal == Agent::"boss",')
    service.post("prompt-guard/", {"text": TEXT, "agent_name": "boss"})
    make_policy(bench.project, rule)

    assert service.post("prompt-guard/", {"text": TEXT, "agent_name": "boss"})["action"] == "block"
    assert service.post("prompt-guard/", {"text": TEXT, "agent_name": "helper"})["action"] == "warn"


def test_a_key_beyond_its_rate_is_blocked(bench: Bench) -> None:
    slow = Observer(api=bench.key(agent=bench.agent, requests_per_minute=2))

    answers = [slow.post("prompt-guard/", {"text": "hello"})["action"] for _ in range(4)]

    assert (answers[0], answers[-1]) == ("allow", "block")


def test_prices_are_those_that_records_are_computed_with(observer: Observer, call: dict[str, Any]) -> None:
    table = observer.api.get("observe/model-costs/")
    prices = {price["model_id"]: price for price in table["models"]}
    one = observer.api.get("observe/model-costs/gpt-4o-mini-2024-07-18/")

    assert table["source"] == one["source"] == PRICE_LIST
    assert len(prices) > 100
    listed = prices["gpt-4o-mini"]
    assert (listed["provider"], listed["input_cost_per_million"], listed["output_cost_per_million"]) == (
        "openai", one["input_cost_per_million"], one["output_cost_per_million"],
    )  # fmt: skip
    observer.start()
    observer.tell("llm-calls", {**call, "tokens_in": 1_000_000, "tokens_out": 1_000_000})
    usage = next(entry["usage"] for entry in observer.entries() if entry["type"] == "action.resulted")
    dollars = Decimal(str(listed["input_cost_per_million"])) + Decimal(str(listed["output_cost_per_million"]))
    assert usage["cost_micros"] == dollars * 1_000_000
    assert observer.api.send("GET", "observe/model-costs/made-up/").status_code == 404
