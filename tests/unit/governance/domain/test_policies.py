"""Policy texts: what is accepted, and that each complaint names the rule and the line."""

import pytest

from governance.domain import cedar_text
from governance.domain.baselines import BASELINES
from governance.domain.cedar_schema import CedarSchema, build_schema
from governance.domain.policies import EntityRef, Escalation, parse, validate
from governance.domain.verdicts import Effect

SHELL = {
    "type": "object",
    "properties": {"command": {"type": "string"}, "amount": {"type": "integer"}},
    "required": ["command"],
}


@pytest.fixture(scope="module")
def schema() -> CedarSchema:
    return build_schema({"shell": SHELL})


@pytest.mark.parametrize("name", ["watch", "allow-list"])
def test_baselines_are_valid(name: str, schema: CedarSchema) -> None:
    assert validate(BASELINES[name], schema).errors == ()


def test_a_hold_carries_its_terms(schema: CedarSchema) -> None:
    read = validate(
        """
// Payments wait for a person.
@id("pay") @message("Ask first.") @effect("hold")
@approvers("finance") @quorum("2") @timeout("90m") @on_refusal("halt") @escalate("legal after 30m")
forbid (principal in Team::"ops", action in Action::"tool.call", resource == Tool::"shell")
when { context has args && context.args has amount && principal != Agent::"bob" };
""",
        schema,
    )
    assert read.valid
    (rule,) = read.rules
    assert (rule.id, rule.effect, rule.message, rule.line) == ("pay", Effect.HOLD, "Ask first.", 3)
    assert (rule.approvers, rule.quorum, rule.timeout_seconds) == ("finance", 2, 5400)
    assert rule.escalation == Escalation(group="legal", after_seconds=1800)
    assert rule.on_refusal is Effect.HALT
    assert rule.entities == (
        EntityRef(type="Agent", id="bob"),
        EntityRef(type="Team", id="ops"),
        EntityRef(type="Tool", id="shell"),
    )


def test_a_forbid_halts_unless_it_says_otherwise() -> None:
    (rule,) = parse('@id("a") @message("No.") forbid (principal, action, resource);').rules
    assert rule.effect is Effect.HALT


FORBID = 'forbid (principal, action in Action::"tool.call", resource)'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "at least one rule"),
        ("// only a comment", "at least one rule"),
        ("permit (principal, action, resource);", "needs an @id"),
        ('@id("a") permit (principal, action', "Not Cedar"),
        ('@id("a") permit (principal == ?principal, action, resource);', "Slots"),
        (f'@id("a") {FORBID};', "needs a @message"),
        (f'@id("a") @message("m") @effect("explode") {FORBID};', "@effect is one of"),
        (f'@id("a") @message("m") @quorum("2") {FORBID};', 'needs @effect("hold")'),
        (f'@id("a") @message("m") @effect("hold") @quorum("0") {FORBID};', "@quorum"),
        (f'@id("a") @message("m") @effect("hold") @timeout("soon") {FORBID};', "@timeout"),
        (f'@id("a") @message("m") @escalate("legal after 1h") {FORBID};', 'needs @effect("hold")'),
        (f'@id("a") @message("m") @effect("hold") @escalate("legal") {FORBID};', "names a group and a time"),
        (f'@id("a") @message("m") @effect("hold") @escalate("legal after soon") {FORBID};', "names a group and a time"),
        (f'@id("a") @message("m") @effect("hold") @timeout("1h") @escalate("legal after 60m") {FORBID};', "too late"),
        (f'@id("a") @message("m") @effect("hold") @approvers("x") @escalate("x after 1m") {FORBID};', "asked already"),
        (f'@id("a") @message("m") @colour("red") {FORBID};', "@colour"),
        ('@id("a") @effect("deny") permit (principal, action, resource);', "belongs on a forbid"),
        ('@id("a") permit (principal, action == Action::"tool.call", resource);', "action in"),
        ('@id("a") permit (principal, action, resource) when { Action::"tool.call" == action };', "action in"),
        (f'@id("a") @message("m") {FORBID} when {{ context.execution.dept > 3 }};', "dept"),
        (f'@id("a") @message("m") {FORBID} when {{ context.hour > "3" }};', "expected Long"),
        (f'@id("a") @message("m") {FORBID} when {{ context.estimate.tokens > 3 }};', "estimate"),
        ('@id("a") permit (principal, action == Action::"tool.cal", resource);', "tool.cal"),
        ('@id("a") permit (principal, action, resource == Tol::"x");', "Tol"),
    ],
)
def test_what_is_wrong_is_said(text: str, complaint: str, schema: CedarSchema) -> None:
    read = validate(text, schema)
    assert not read.valid
    assert complaint in " ".join(error.message for error in read.errors)
    assert "policy0" not in str(read.errors)


def test_errors_name_rule_and_line(schema: CedarSchema) -> None:
    text = (
        '@id("a") permit (principal, action, resource);\n\n'
        '@id("b") permit (principal, action, resource)\nwhen { context.hours == 1 };'
    )
    assert {(error.rule, error.line) for error in validate(text, schema).errors} == {("b", 4)}


def test_two_rules_with_one_id_are_refused() -> None:
    errors = parse('@id("a") permit (principal, action, resource);' * 2).errors
    assert {error.rule for error in errors} == {"a"}
    assert "same @id" in errors[0].message


def test_typed_arguments_are_checked_by_the_tools_action(schema: CedarSchema) -> None:
    rule = '@id("a") @message("m") forbid (principal, action == Action::"tool.call/shell", resource) when {{ {} }};'
    assert validate(rule.format('context.args.command like "rm *"'), schema).valid
    assert not validate(rule.format("context.args.comand == 1"), schema).valid
    assert not validate(rule.format("context.args.amount > 1"), schema).valid


WHEN = '@id("a") permit (principal, action, resource) when {{ {} }};'


@pytest.mark.parametrize(
    "text",
    [
        WHEN.format("(" * 8000 + "true" + ")" * 8000),
        WHEN.format("+".join(["1"] * 25_000) + " == 1"),
        WHEN.format("context" + ".a" * 20_000),
        WHEN.format("context" + '["a"]' * 8000),
        WHEN.format("[" * 15_000 + "]" * 15_000 + " == 1"),
        WHEN.format("A" + "::A" * 15_000 + '::"x" == principal'),
        '@id("a")' * 7000 + "permit (principal, action, resource);",
        "permit (principal, action, resource);" * 1000,
        "x" * (cedar_text.MAX_TEXT_BYTES + 1),
    ],
    ids=["brackets", "sums", "members", "indexes", "lists", "namespaces", "notes", "rules", "bytes"],
)
def test_texts_that_would_overflow_the_engine_are_refused_first(text: str) -> None:
    (error,) = parse(text).errors
    assert "ore than" in error.message or "at most" in error.message


def test_semicolons_in_texts_and_comments_end_nothing() -> None:
    (only,) = cedar_text.split('@id("a;b") // c;d\npermit (principal, action, resource);')
    assert only.line == 1
