"""What is said of a rule's text is true of every decision: proofs, and the same asked of the engine."""

from random import Random

import pytest

from governance.domain import engine
from governance.domain.kinds import Kind
from governance.domain.policies import parse
from governance.domain.rule_reach import Reach, reach
from tests.reference import samples


def of(condition: str = "", head: str = "principal, action, resource") -> Reach:
    [rule] = parse(f'@id("r") @message("m") forbid ({head}) {condition};').rules
    return reach(rule)


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("when { false }", "never true"),
        ("unless { true }", "never true"),
        ("when { context.discovered && false }", "never true"),
        ("when { context.hour >= 24 }", "from 0 to 23"),
        ("when { 24 <= context.hour }", "from 0 to 23"),
        ("unless { context.hour < 24 }", "from 0 to 23"),
        ("when { context.weekday == 0 }", "from 1 to 7"),
        ("when { context.execution.depth < 0 }", "never below 0"),
        ("when { context has estimate && context.estimate has tokens && context.estimate.tokens < 0 }", "below 0"),
        ("when { context.hour > 20 && context.hour < 6 }", "at once"),
        ("when { context.hour > 20 } when { context.hour < 6 }", "at once"),
        ("when { context.hour > 22 && context.hour < 23 }", "at once"),
        ('when { context.execution.workflow == "a" && context.execution.workflow == "b" }', "at once"),
        ("when { context.hour > 30 || context.weekday > 7 }", "from 0 to 23"),
        ("unless { context.hour < 24 || context.discovered }", "from 0 to 23"),
    ],
)
def test_what_cannot_be_true_is_proved(condition: str, why: str) -> None:
    assert why in of(condition).never


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "when { context.hour > 20 || context.hour < 6 }",
        "when { context.hour >= 23 }",
        "unless { context.hour > 20 && context.hour < 6 }",
        "when { !(context.hour > 20 && context.hour < 6) }",
        'when { context.execution.workflow == "a" || context.execution.workflow == "b" }',
        "when { context.hour != 3 && context.hour == 4 }",
        "when { context.hour > 30 || context.discovered }",
    ],
)
def test_what_may_be_true_is_not_called_impossible(condition: str) -> None:
    assert of(condition).never == ""


def test_what_always_fires_is_known_and_at_what() -> None:
    every = of()
    tools = of(head='principal, action in Action::"tool.call", resource')

    assert (every.always, every.kinds) == (True, frozenset(Kind))
    assert (tools.always, tools.kinds) == (True, {Kind.TOOL_CALL})
    assert of("when { true } unless { false }").always
    assert of(head="principal, action, resource is Tool").kinds == {Kind.TOOL_CALL}
    assert every.covers(tools)
    assert not tools.covers(every)
    for head in (
        'principal, action == Action::"tool.call/mail", resource',
        'principal in Team::"ops", action, resource',
        'principal, action, resource == Tool::"mail"',
    ):
        assert not of(head=head).always
        assert every.covers(of(head=head))
    assert not of("when { context.discovered }").always


def test_proofs_hold_of_generated_rules_and_facts() -> None:
    """Soundness: what is said never to fire never does, what is said always to fire does at each of its kinds."""
    random = Random(5)  # noqa: S311 - reproducible, not a secret
    never = 0
    questions = [(facts, engine.ask(facts)) for facts in (samples.make_facts(random) for _ in range(150))]
    for _ in range(400):
        for policy in samples.make_state(random).policies:
            for rule in parse(policy.text).rules:
                said = reach(rule)
                never += bool(said.never)
                if not (said.never or said.always):
                    continue
                parsed = engine.parse_rules([rule.text])
                for facts, question in questions:
                    fired = bool(engine.evaluate(parsed, question).fired)
                    assert not (said.never and fired), (rule.text, said.never)
                    assert not said.always or fired == (facts.kind in said.kinds), rule.text
    assert never > 10
