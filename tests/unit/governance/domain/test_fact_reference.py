"""The reference of facts says what the engine really tells rules, and nothing else."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from governance.domain import fact_reference, policies
from governance.domain.cedar_schema import build_schema
from governance.domain.engine import _context
from governance.domain.fact_reference import ARGS, ASKED_BY, BY_PATH, FACTS, Fact
from governance.domain.facts import Definition, Estimate, ExecutionSeen, Facts, Moment, Principal, Resource
from governance.domain.kinds import Kind
from governance.domain.rule_templates import TEMPLATES

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "amount": {"type": "number", "description": "In dollars."},
        "to": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["amount"],
}
LEAVES = [fact for fact in FACTS if fact.type != "Record"]
EVERYTHING = Facts(
    principal=Principal(slug="scout"),
    kind=Kind.TOOL_CALL,
    resource=Resource(type="Tool", id="search"),
    moment=Moment(now_ms=0, hour=0, minute=0, weekday=4, day="1970-01-01"),
    execution=ExecutionSeen(id="x", workflow="errand", labels={"team": "docs"}, end_user="0190"),
    estimate=Estimate(usd_micros=1, tokens=1, seconds=1),
    definition=Definition(state="accepted", fingerprint="sha256:00"),
    typed_args={},
)
CEDAR = {int: "Long", str: "String", bool: "Boolean", list: "Texts", dict: "Record"}


def walked(context: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in context.items():
        yield prefix + name, CEDAR[type(value)]
        if isinstance(value, Mapping):
            yield from walked(value, f"{prefix}{name}.")


def test_it_names_what_the_engine_is_told_with_its_type() -> None:
    assert dict(walked(_context(EVERYTHING))) == {fact.path: fact.type for fact in (*FACTS, ARGS)}


@pytest.mark.parametrize("fact", LEAVES, ids=lambda fact: fact.path)
def test_a_rule_reads_each_fact_once_it_asked_for_what_may_be_absent(fact: Fact) -> None:
    value = {"Long": "1", "String": '"x"', "Boolean": "true", "Texts": '["x"]'}[fact.type]
    parts = fact.path.split(".")
    asked = []
    for depth in range(1, len(parts) + 1):
        path = ".".join(parts[:depth])
        if BY_PATH[path].optional:
            asked.append(f"{'.'.join(['context', *parts[: depth - 1]])} has {parts[depth - 1]}")
    rule = '@id("r") @message("No.") @effect("deny") forbid (principal, action, resource) when {{ {} }};'
    reads = f"context.{fact.path} == {value}"

    assert not policies.validate(rule.format(" && ".join([*asked, reads])), build_schema({})).errors
    assert bool(policies.validate(rule.format(reads), build_schema({})).errors) == bool(asked)


def test_every_kind_says_who_asks_for_it_and_every_template_what_it_reads() -> None:
    assert set(ASKED_BY) == set(Kind)
    assert {name for template in TEMPLATES for name in template.facts} <= {*BY_PATH, "resource"}


def test_arguments_of_tools_are_named_with_type_and_meaning() -> None:
    found = fact_reference.arguments({"pay": SCHEMA})

    assert [(one.tool, one.path, one.type, one.optional, one.meaning) for one in found] == [
        ("pay", "amount", "decimal", False, "In dollars."),
        ("pay", "to", "Record", True, ""),
        ("pay", "to.name", "String", False, ""),
        ("pay", "tags", "Set of String", True, ""),
    ]
