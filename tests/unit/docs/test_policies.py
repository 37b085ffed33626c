"""The worked examples: each validates, and each decides what its text says."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from governance.domain import baselines, cedar_schema, policies, tool_schemas
from governance.domain.evaluation import decide
from governance.domain.facts import Estimate, ExecutionSeen, Facts, Moment, Principal, Resource
from governance.domain.kinds import Kind
from governance.domain.manifest import GovernanceState, PolicyInForce, policy_digest

PAGE = Path(__file__).parents[3] / "docs" / "writing-policies.md"
TEXTS = re.findall(r"^```cedar\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
(SCHEMA,) = (
    json.loads(found)
    for found in re.findall(r"^```json\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
)

# A Tuesday at nine.
MORNING = Moment(now_ms=1_795_500_000_000, hour=9, minute=0, weekday=2, day="2026-11-24")
CALL = Facts(
    principal=Principal(slug="scout", teams=("finance",)),
    kind=Kind.TOOL_CALL,
    resource=Resource(type="Tool", id="web.search"),
    moment=MORNING,
    execution=ExecutionSeen(id="e", workflow="first-steps"),
)
PRODUCTION = replace(CALL.execution, environment="production")


def refund(**args: Any) -> Facts:
    checked = tool_schemas.check_args(SCHEMA, args)
    resource = Resource(type="Tool", id="payments.refund", groups=("payments",))
    return replace(CALL, resource=resource, typed_args=checked.typed, args_problem=checked.problem)


def model_call(*, tokens: int | None) -> Facts:
    resource = Resource(type="Model", id="gpt-4o-mini", groups=("openai",))
    estimate = Estimate(tokens=tokens) if tokens is not None else None
    return replace(CALL, kind=Kind.MODEL_CALL, resource=resource, execution=PRODUCTION, estimate=estimate)


def named(slug: str) -> Facts:
    return replace(CALL, resource=Resource(type="Tool", id=slug))


def continued(**seen: Any) -> Facts:
    return replace(
        CALL,
        kind=Kind.EXECUTION_CONTINUE,
        resource=Resource(type="Workflow", id="first-steps"),
        execution=replace(CALL.execution, **seen),
    )


EVENING = replace(refund(amount=5, currency="EUR", customer="c"), moment=replace(MORNING, hour=18))
STRANGER = replace(EVENING, principal=Principal(slug="scout"))
NEW_NAME = replace(CALL, execution=PRODUCTION, resource=Resource(type="Tool", id="new", discovered=True))

CASES = [
    (1, named("files.delete"), "deny", ["keep-files"]),
    (1, named("files.read"), "allow", []),
    (2, refund(amount=500, currency="EUR", customer="c"), "allow", []),
    (2, refund(amount=500.01, currency="EUR", customer="c"), "hold", ["large-refund"]),
    (2, refund(amount=900, currency="EUR"), "deny", ["known-customer", "large-refund"]),
    (3, EVENING, "deny", ["office-hours"]),
    (3, replace(EVENING, moment=MORNING), "allow", []),
    (3, replace(EVENING, moment=replace(MORNING, weekday=6)), "deny", ["office-hours"]),
    (3, STRANGER, "allow", []),
    (4, replace(CALL, repeats=2), "allow", []),
    (4, replace(CALL, repeats=3), "halt", ["no-loops"]),
    (4, continued(spent_usd_micros=2_000_000), "allow", []),
    (4, continued(spent_usd_micros=2_000_001), "halt", ["costly"]),
    (5, NEW_NAME, "deny", ["adopted-only"]),
    (5, replace(NEW_NAME, execution=CALL.execution), "allow", []),
    (5, model_call(tokens=None), "allow", []),
    (5, model_call(tokens=50_001), "allow", ["large-call"]),
]


def test_page_has_five_examples() -> None:
    assert len(TEXTS) == 5
    tool_schemas.check_schema(SCHEMA)


@pytest.mark.parametrize("text", TEXTS)
def test_example_is_valid(text: str) -> None:
    schema = cedar_schema.build_schema({"payments.refund": SCHEMA})

    found = policies.validate(text, schema)

    assert found.errors == ()
    assert found.rules


@pytest.mark.parametrize(("example", "facts", "verdict", "rules"), CASES)
def test_example_decides_what_its_text_says(example: int, facts: Facts, verdict: str, rules: list[str]) -> None:
    state = GovernanceState(
        project="01900000-0000-7000-8000-000000000000",
        number=1,
        policies=(
            _in_force("baseline", baselines.BASELINES["watch"]),
            _in_force(f"example-{example}", TEXTS[example - 1]),
        ),
    )

    decision = decide(state=state, facts=facts)

    assert decision.verdict == verdict
    assert [reason.rule for reason in (*decision.reasons, *decision.flags)] == rules


def _in_force(slug: str, text: str) -> PolicyInForce:
    return PolicyInForce(slug=slug, version=1, digest=policy_digest(text), mode="enforced", text=text)
