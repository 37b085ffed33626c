"""Every template makes a policy that the engine takes, whatever was answered; nothing breaks out of its literal."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.domain import cedar_writing, policies, rule_templates
from governance.domain.cedar_schema import build_schema
from governance.domain.rule_composing import Argument, Question, compose

SCHEMA = {
    "type": "object",
    "properties": {
        "amount": {"type": "number"},
        "count": {"type": "integer"},
        "to": {"type": "string"},
        "odd name": {"type": "string"},
        "if": {"type": "integer"},
    },
    "required": ["amount", "to"],
}
TYPED = build_schema({"pay": SCHEMA})


def argument(name: str) -> Argument:
    return Argument(
        tool="pay",
        name=name,
        type=SCHEMA["properties"][name]["type"],
        required=name in SCHEMA["required"],  # type: ignore[index]
    )


ANSWERS: dict[str, dict[str, Any]] = {
    "allowed-tools": {Question.TOOLS: ["search", "pay"]},
    "allowed-models": {Question.MODELS: [("Model", "gpt-4o"), ("Provider", "openai")]},
    "amount-limit": {Question.NUMBER_ARGUMENT: argument("amount"), Question.AMOUNT: Decimal("500.5")},
    "allowed-recipients": {Question.TEXT_ARGUMENT: argument("odd name"), Question.ENDINGS: ["@example.com", "@a*b"]},
    "ask-a-person": {
        Question.TOOLS: ["pay"],
        Question.GROUP: "finance",
        Question.QUORUM: 2,
        Question.HOURS_TO_DECIDE: 4,
    },
    "office-hours": {Question.WEEKDAYS: [1, 2], Question.FROM_HOUR: 8, Question.TO_HOUR: 18, Question.DAYS_OFF: []},
    "steps-and-time": {Question.MOST_ACTIONS: 10, Question.MOST_MINUTES: 5},
    "no-loops": {Question.MOST_REPEATS: 3},
    "secrets": {Question.FINDINGS: ["credentials", "personal"]},
    "adopted-only": {},
    "delegation-depth": {Question.MOST_DEPTH: 1},
    "network-domains": {Question.DOMAINS: ["api.example.com", 'odd".example']},
    "personal-data": {},
    "data-regions": {Question.DATASETS: ["customers-eu"], Question.LABELS: ["region=eu", "region=ch"]},
    "required-labels": {Question.LABELS: ["team=docs"]},
    "suspended-end-users": {Question.END_USERS: ["0190-a"]},
    "code-execution": {Question.RUNTIMES: ["python"]},
}


def write(slug: str, effect: str | None = None, **answers: Any) -> str:
    template = rule_templates.BY_SLUG[slug]
    common = {"effect": effect or template.effects[0], "message": template.message, "agents": []}
    return compose(template, {**common, **ANSWERS[slug], **answers})


@pytest.mark.parametrize(
    ("slug", "effect"), [(one.slug, effect) for one in rule_templates.TEMPLATES for effect in one.effects]
)
@pytest.mark.parametrize("agents", [[], ["scout"], ["scout", "other"]])
def test_what_a_template_writes_is_valid(slug: str, effect: str, agents: list[str]) -> None:
    found = policies.validate(write(slug, effect, agents=agents), TYPED)

    assert found.errors == ()
    (rule,) = found.rules
    assert (rule.id, rule.effect, rule.message) == (slug, effect, rule_templates.BY_SLUG[slug].message)


@pytest.mark.parametrize("name", ["count", "if"])
def test_optional_and_oddly_named_arguments_are_guarded(name: str) -> None:
    text = write("amount-limit", **{Question.NUMBER_ARGUMENT: argument(name), Question.AMOUNT: Decimal(3)})

    assert policies.validate(text, TYPED).errors == ()
    assert "context.args has" in text


@given(message=st.text(min_size=1, max_size=400).filter(str.strip), name=st.text(min_size=1, max_size=80))
def test_no_answer_breaks_out_of_its_literal(message: str, name: str) -> None:
    text = write("allowed-tools", message=message, **{Question.TOOLS: [name]})

    (rule,) = policies.parse(text).rules
    assert rule.message == message.strip()
    assert [ref.id for ref in rule.entities if ref.type == "Tool"] == [name]


@given(ending=st.text(min_size=1, max_size=40))
def test_an_ending_is_one_pattern(ending: str) -> None:
    text = write("allowed-recipients", **{Question.TEXT_ARGUMENT: argument("to"), Question.ENDINGS: [ending]})

    assert policies.validate(text, TYPED).errors == ()


def test_decimals_keep_their_value_or_are_refused() -> None:
    assert cedar_writing.decimal(Decimal("500")) == 'decimal("500.0")'
    assert cedar_writing.decimal(Decimal("1E+3")) == 'decimal("1000.0")'
    assert cedar_writing.decimal(Decimal("0.1230")) == 'decimal("0.123")'
    with pytest.raises(ValueError, match="four places"):
        cedar_writing.decimal(Decimal("0.00001"))


def test_a_label_without_a_value_is_no_label() -> None:
    with pytest.raises(ValueError, match="key=value"):
        write("required-labels", **{Question.LABELS: ["docs"]})


def test_no_runtime_on_the_list_is_no_code_at_all() -> None:
    assert "when" not in write("code-execution", **{Question.RUNTIMES: []})


def test_nothing_said_is_no_rule() -> None:
    with pytest.raises(ValueError, match="or both"):
        write("steps-and-time", **{Question.MOST_ACTIONS: None, Question.MOST_MINUTES: None})
