"""Form and text say the same: what is read from one and written as the other decides alike, on whatever facts."""

from datetime import date
from decimal import Decimal
from typing import Any

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain import policies, rule_forms_attributes, rule_forms_reading, rule_forms_writing
from governance.domain.cedar_schema import build_schema
from governance.domain.kinds import Kind
from governance.domain.policies import EntityRef
from governance.domain.rule_composing import Argument, Question, compose
from governance.domain.rule_forms import (
    WITH_ONE_VALUE,
    WITHOUT_VALUE,
    Attribute,
    Condition,
    NotAForm,
    RuleForm,
    Targets,
    free_id,
)
from governance.domain.rule_forms_text import to_est, to_text
from governance.domain.rule_templates import TEMPLATES
from governance.domain.verdicts import Effect

SCHEMAS: dict[str, Any] = {
    "pay": {
        "type": "object",
        "properties": {
            "amount": {"type": "number"},
            "count": {"type": "integer"},
            "to": {"type": "string"},
            "odd name": {"type": "boolean"},
            "from": {"type": "object", "properties": {"iban": {"type": "string"}}},
        },
        "required": ["amount"],
    }
}
SCHEMA = build_schema(SCHEMAS)
PAY = "tool.call/pay"
TEXTS = st.sampled_from(["a", "@a.org", "x*y", 'quo"te', "back\\slash", "ünï", "a b"])
NUMBERS = st.integers(min_value=-3, max_value=3)
DECIMALS = st.sampled_from(["-1.0", "0.5", "2.0", "500.25"])
VALUES: dict[str, Any] = {"Long": NUMBERS, "decimal": DECIMALS, "String": TEXTS, "Texts": TEXTS}
AGENTS = [EntityRef(type="Agent", id="scout"), EntityRef(type="Agent", id="other"), EntityRef(type="Team", id="night")]
TOOLS = [
    EntityRef(type="Tool", id="pay"),
    EntityRef(type="Tool", id="mail"),
    EntityRef(type="ToolGroup", id="payments"),
]


def conditions(known: dict[Any, Attribute]) -> st.SearchStrategy[Condition]:
    @st.composite
    def draw(drawn: Any) -> Condition:
        attribute = drawn(st.sampled_from(sorted(known.values(), key=lambda one: one.path)))
        operator = drawn(st.sampled_from(attribute.operators))
        values: list[Any] = []
        if operator not in WITHOUT_VALUE:
            most = 1 if operator in WITH_ONE_VALUE else 3
            values = drawn(st.lists(VALUES[attribute.type], min_size=1, max_size=most, unique=True))
        return Condition(path=attribute.path, operator=operator, values=tuple(values))

    return draw()


def targets(refs: list[EntityRef]) -> st.SearchStrategy[Targets | None]:
    some = st.lists(st.sampled_from(refs), min_size=1, unique=True).map(tuple)
    return st.none() | st.builds(Targets, refs=some, excluded=st.booleans())


@st.composite
def forms(draw: Any) -> RuleForm:
    actions = draw(st.sampled_from([(), (PAY,), ("tool.call",), ("tool.call", "model.call"), ("model.call",)]))
    known = rule_forms_attributes.offered(SCHEMAS, actions)
    effect = draw(st.sampled_from([None, *Effect]))
    asks = {"quorum": 2, "approvers": "release", "timeout": "4h", "on_refusal": Effect.HALT}
    return RuleForm(
        id="rule",
        effect=effect,
        message=draw(st.sampled_from(["No.", 'So it is "said".\nTwice.'])),
        **(asks if effect is Effect.HOLD and draw(st.booleans()) else {}),
        actions=actions,
        who=draw(targets(AGENTS)),
        what=draw(targets(TOOLS)),
        when=tuple(draw(st.lists(conditions(known), max_size=3))),
        unless=tuple(draw(st.lists(conditions(known), max_size=2))),
        any_of=draw(st.booleans()),
    )


def written(form: RuleForm) -> str:
    known = rule_forms_attributes.offered(SCHEMAS, form.actions)
    return to_text(rule_forms_writing.write(form, known))


def again(text: str) -> str:
    return written(rule_forms_reading.read(to_est(text), SCHEMAS))


@st.composite
def facts(draw: Any) -> dict[str, Any]:
    """A context in which the optional may be missing, and a request that it belongs to."""
    tool = draw(st.sampled_from(["pay", "mail"]))
    context = {
        "now_ms": draw(NUMBERS),
        "hour": draw(NUMBERS),
        "minute": draw(NUMBERS),
        "weekday": draw(NUMBERS),
        "day": draw(TEXTS | st.just("")),
        "repeats": draw(NUMBERS),
        "discovered": draw(st.booleans()),
        "execution": {
            **{name: draw(TEXTS | st.just("")) for name in ("id", "workflow", "environment")},
            **{name: draw(NUMBERS) for name in ("depth", "attempt", "actions", "model_calls", "tool_calls")},
            **{name: draw(NUMBERS) for name in ("refusals", "elapsed_seconds", "spent_usd_micros")},
            "labels": draw(st.lists(TEXTS, max_size=3)),
            **draw(st.fixed_dictionaries({}, optional={"end_user": TEXTS})),
        },
    }
    estimate = st.fixed_dictionaries({}, optional=dict.fromkeys(("usd_micros", "tokens", "seconds"), NUMBERS))
    definition = st.fixed_dictionaries({"state": TEXTS, "fingerprint": TEXTS})
    context |= draw(st.fixed_dictionaries({}, optional={"estimate": estimate, "definition": definition}))
    if tool == "pay":
        amount = {"__extn": {"fn": "decimal", "arg": draw(DECIMALS)}}
        maybe = {"count": NUMBERS, "to": TEXTS, "odd name": st.booleans()}
        sender = st.fixed_dictionaries({}, optional={"iban": TEXTS})
        context["args"] = {"amount": amount, **draw(st.fixed_dictionaries({}, optional={**maybe, "from": sender}))}
    return {
        "principal": f'Agent::"{draw(st.sampled_from(["scout", "other", "third"]))}"',
        "action": f'Action::"{PAY if tool == "pay" else draw(st.sampled_from(["tool.call", "model.call"]))}"',
        "resource": f'Tool::"{tool}"',
        "context": context,
    }


def _entity(kind: str, name: str, *parents: tuple[str, str]) -> dict[str, Any]:
    above = [{"type": of, "id": group} for of, group in parents]
    return {"uid": {"type": kind, "id": name}, "attrs": {}, "parents": above}


ENTITIES = [
    _entity("Agent", "scout", ("Team", "night")),
    _entity("Agent", "other"),
    _entity("Tool", "pay", ("ToolGroup", "payments")),
    _entity("Tool", "mail"),
    _entity("Action", PAY, ("Action", "tool.call")),
]


def matches(text: str, request: dict[str, Any]) -> tuple[bool, list[str]]:
    """Tell whether the rule fires, and what the engine complained of."""
    everything = "permit (principal, action, resource);\n" if "forbid (" in text else ""
    answer = cedarpy.is_authorized(request, everything + text, ENTITIES)
    return answer.allowed, [str(error) for error in answer.diagnostics.errors]


@settings(max_examples=80, deadline=None)
@given(form=forms(), request=facts())
def test_text_to_form_to_text_keeps_the_meaning(form: RuleForm, request: dict[str, Any]) -> None:
    text = written(form)
    second = again(text)

    assert policies.validate(text, SCHEMA).errors == policies.validate(second, SCHEMA).errors
    assert matches(text, request) == matches(second, request)
    assert matches(text, request)[1] == [], "nothing that may be missing is read without being asked for"
    assert to_est(again(second)) == to_est(second), "what was read once is read the same again"


ANSWERS: dict[Question, Any] = {
    Question.TOOLS: ["pay", "mail"],
    Question.MODELS: [("Model", "gpt-4o"), ("Provider", "openai")],
    Question.NUMBER_ARGUMENT: Argument(tool="pay", name="amount", type="number", required=True),
    Question.TEXT_ARGUMENT: Argument(tool="pay", name="to", type="string", required=False),
    Question.AMOUNT: Decimal(500),
    Question.ENDINGS: ["@example.com", "*"],
    Question.GROUP: "release",
    Question.QUORUM: 2,
    Question.HOURS_TO_DECIDE: 4,
    Question.WEEKDAYS: [1, 2, 3],
    Question.FROM_HOUR: 8,
    Question.TO_HOUR: 18,
    Question.DAYS_OFF: [date(2026, 12, 25)],
    Question.MOST_ACTIONS: 5,
    Question.MOST_MINUTES: 3,
    Question.MOST_REPEATS: 2,
    Question.MOST_DEPTH: 1,
    Question.FINDINGS: ["credentials", "personal"],
    Question.DOMAINS: ["api.example.com", 'odd".example'],
    Question.DATASETS: ["customers-eu"],
    Question.RUNTIMES: ["python"],
    Question.LABELS: ["region=eu", "region=ch"],
    Question.END_USERS: ["0190-a"],
}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.slug)
@pytest.mark.parametrize("agents", [[], ["scout"], ["scout", "other"]], ids=len)
def test_every_template_is_a_form(template: Any, agents: list[str]) -> None:
    said = {**ANSWERS, "effect": template.effects[0], "message": "No.", "agents": agents}
    text = compose(template, said)

    form = rule_forms_reading.read(to_est(text), SCHEMAS)

    assert rule_forms_reading.read(to_est(written(form)), SCHEMAS) == form


@settings(max_examples=15, deadline=None)
@given(request=facts())
def test_a_form_of_the_templates_decides_as_they_do(request: dict[str, Any]) -> None:
    for template in TEMPLATES:
        said = {**ANSWERS, "effect": template.effects[0], "message": "No.", "agents": []}
        text = compose(template, said)
        assert matches(text, request) == matches(again(text), request), template.slug


@pytest.mark.parametrize(
    "rest",
    [
        "principal, action, resource) when { context.hour < context.minute",
        "principal, action, resource) when { context.hour + 1 < 3",
        "principal, action, resource) when { if context.discovered then context.hour < 3 else true",
        "principal, action, resource) when { (context.hour < 3 && context.discovered) || context.minute > 3",
        "principal, action, resource) when { context.estimate.tokens > 3",
        "principal, action, resource) when { context has estimate && context.estimate.tokens > 3",
        'principal, action, resource) when { context.day like "a*b"',
        'principal, action, resource) when { context.day == " a"',
        'principal, action, resource) when { context["unheard-of"] == 3',
        "principal, action, resource) when { true",
        "principal, action, resource) unless { context.discovered } unless { context.hour < 3",
        'principal == Team::"night", action, resource) when { context.discovered',
        'principal, action == Action::"tool.call/unknown", resource) when { context.discovered',
        "principal, action, resource is Tool) when { context.discovered",
    ],
)
def test_what_a_form_cannot_hold_stays_text(rest: str) -> None:
    est = to_est(f'@id("odd") @message("Odd.") forbid ({rest} }};')

    with pytest.raises(NotAForm):
        rule_forms_reading.read(est, SCHEMAS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("when { !(context.hour >= 8 && context.hour < 18) }", "unless { context.hour >= 8 && context.hour < 18 }"),
        ("when { context.discovered == true }", "when { context.discovered }"),
        ("when { context.hour == 3 || context.hour == 4 }", "when { [3, 4].contains(context.hour) }"),
        (
            "when { !(context.discovered) } when { context.hour < 3 }",
            "when { !context.discovered && context.hour < 3 }",
        ),
        ('when { principal == Agent::"scout" }', 'when { principal in Agent::"scout" }'),
        ("when { context has estimate.tokens }", "when { context has estimate && context.estimate has tokens }"),
    ],
)
def test_two_ways_to_say_one_thing_are_one_form(one: str, other: str) -> None:
    def form(rest: str) -> RuleForm:
        return rule_forms_reading.read(to_est(f'@id("x") forbid (principal, action, resource) {rest};'), SCHEMAS)

    assert form(one) == form(other)


def test_arguments_are_offered_where_the_rule_is_about_one_tool() -> None:
    of_pay = rule_forms_attributes.offered(SCHEMAS, [PAY])

    assert of_pay["args", "from", "iban"].guards == (("args", "from"), ("args", "from", "iban"))
    assert ("args", "amount") not in rule_forms_attributes.offered(SCHEMAS, [PAY, Kind.MODEL_CALL])
    assert ("args", "amount") not in rule_forms_attributes.offered(SCHEMAS, [Kind.TOOL_CALL])


def test_a_new_rule_gets_an_id_that_nobody_has() -> None:
    assert free_id("rule", ["rule", "rule-2"]) == "rule-3"
