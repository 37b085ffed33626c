"""Texts that cannot be rules: each is refused with the place and with what to do, and quickly however it is made."""

import random
import time
from collections.abc import Callable
from typing import Any, Final

import pytest
from rest_framework.test import APIClient

from governance.models import Project
from governance.queries import states
from governance.services import policies
from tests.factories import make_policy, make_tool

pytestmark = pytest.mark.django_db

URL = "/api/v1/policies/"
GOOD = '@id("good") permit (principal, action, resource);\n'
HEAD = '@id("bad") @message("m") @effect("deny")'
SCOPE = 'forbid (principal, action in Action::"tool.call", resource)'
ACTION = 'forbid (principal, action == Action::"tool.call/mail", resource)'
SCHEMA = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "copies": {"type": "integer"}},
    "required": ["copies"],
    "additionalProperties": False,
}
CPU_SECONDS: Final = 5.0
"""Of this thread, whatever else the machine does; a refusal takes some thousandths."""


@pytest.fixture
def refused(governor: APIClient, project: Project) -> Callable[[str], list[dict[str, Any]]]:
    """Says what stands against a text, and that publishing it is refused with the same and changes nothing."""
    make_tool(project, schema=SCHEMA)
    policy = make_policy(project, GOOD, publish=False, slug="tried")

    def ask(text: str) -> list[dict[str, Any]]:
        before = states.in_force(project.pk).digest
        said = governor.post(URL + "tried/validate/", {"text": text}).json()
        saved = governor.put(URL + "tried/draft/", {"text": text})
        assert saved.status_code == 200, saved.json()
        published = governor.post(URL + "tried/publish/", {})
        assert (published.status_code, published.json()["code"]) == (422, "policy_invalid")
        assert published.json()["errors"] == said["errors"]
        assert not said["valid"]
        assert states.in_force(project.pk).digest == before
        assert not policy.versions.exists()
        return list(said["errors"])

    return ask


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (f"{HEAD} {SCOPE} when {{ context.execution.dept > 3 }};", ["dept"]),
        (f"{HEAD} {SCOPE} when {{ context.exection.depth > 3 }};", ["exection"]),
        (f"{HEAD} {ACTION} when {{ context.args.copys > 3 }};", ["copys"]),
        (f'{HEAD} {SCOPE} when {{ context.hour > "3" }};', ["Long"]),
        (f'{HEAD} {ACTION} when {{ context.args.copies == "3" }};', ["Long"]),
        (f"{HEAD} {SCOPE} when {{ context.execution.workflow }};", ["Bool"]),
        (f"{HEAD} {SCOPE} when {{ context.estimate.tokens > 3 }};", ["estimate", "has"]),
        (f'{HEAD} {ACTION} when {{ context.args.to == "a" }};', ["to", "has"]),
        (f'{HEAD} {SCOPE} when {{ context.execution.end_user == "u" }};', ["end_user", "has"]),
        (f'{HEAD} forbid (principal, action in Action::"tool.cal", resource);', ["tool.cal"]),
        (f'{HEAD} forbid (principal, action == Action::"tool.call/male", resource);', ["tool.call/male"]),
        (f'{HEAD} forbid (principal, action == Action::"tool.call", resource);', ["action in"]),
        (f"{HEAD} forbid (principal is User, action, resource);", ["User"]),
        (f'{HEAD} forbid (principal, action, resource == Tool::"male");', ["male", "register the tool"]),
        (f'{HEAD} forbid (principal, action, resource in ToolGroup::"pay");', ["pay", "in that group"]),
        (f'{HEAD} forbid (principal == Agent::"bub", action, resource);', ["bub", "register the agent"]),
        (f'{HEAD} forbid (principal in Team::"opps", action, resource);', ["opps", "in that team"]),
        (f'{HEAD} forbid (principal, action, resource == Model::"gpt-9");', ["gpt-9", "register the model"]),
        (f'{HEAD} forbid (principal, action, resource in Provider::"acme");', ["acme", "that provider"]),
        (
            f'@id("bad") @message("m") @effect("hold") @approvers("finanse") {SCOPE};',
            ["finanse", "Make the group first"],
        ),
        (f'@id("bad") @effect("deny") {SCOPE};', ["@message"]),
        (f'@id("bad") @message("") {SCOPE};', ["@message"]),
        (f'@id("bad") @message("m") @effect("block") {SCOPE};', ["@effect is one of", "deny"]),
        (f'@id("bad") @message("m") @efect("deny") {SCOPE};', ["@efect"]),
    ],
)
def test_what_is_wrong_in_a_rule_is_told_with_its_name_and_line(
    refused: Callable[[str], list[dict[str, Any]]], rule: str, told: list[str]
) -> None:
    errors = refused(f"{GOOD}\n{rule}\n")

    assert {(error["rule"], error["line"]) for error in errors} == {("bad", 3)}
    said = " ".join(error["message"] for error in errors)
    assert [word for word in told if word not in said] == [], said


@pytest.mark.parametrize(
    ("text", "lines", "told"),
    [
        (" \n\t\n", set(), "at least one rule"),
        ("// nothing but a remark", set(), "at least one rule"),
        (f"{GOOD}forbid (principal, action, resource);", {2}, "needs an @id"),
        (f'{GOOD}@id("") permit (principal, action, resource);', {2}, "needs an @id"),
        (f'{GOOD}@id("a b") permit (principal, action, resource);', {2}, "needs an @id"),
        (f"{GOOD}{GOOD}", {1, 2}, "same @id"),
        (f"{GOOD}permit (principal, action", {2}, "Not Cedar"),
        (f"{GOOD}allow everything please;", {2}, "Not Cedar"),
        (f'{GOOD}@id("never closed) permit (principal, action, resource);', {2}, "Not Cedar"),
        (GOOD + "@id('b') permit (principal, action, resource);", {2}, "Not Cedar"),
        ('{"effect": "permit"}', {1}, "Not Cedar"),
    ],
)
def test_what_is_wrong_with_a_text_is_told_with_its_lines(
    refused: Callable[[str], list[dict[str, Any]]], text: str, lines: set[int], told: str
) -> None:
    errors = refused(text)

    assert {error["line"] for error in errors if "line" in error} == lines
    assert all(told in error["message"] for error in errors), errors


def _junk(kind: str) -> str:
    noise = random.Random(kind)  # noqa: S311 - the same junk each time, not a secret
    megabyte = 1024 * 1024
    return {
        "a megabyte of rules": GOOD * (megabyte // len(GOOD)),
        "a megabyte of blanks": " " * megabyte,
        "a megabyte of quotes": '"' * megabyte,
        "a megabyte of backslashes": '"' + "\\" * megabyte,
        "a megabyte of bytes": noise.randbytes(megabyte).decode("latin-1"),
        "bytes": noise.randbytes(60_000).decode("latin-1"),
        "characters": "".join(chr(noise.randint(1, 0xD7FF)) for _ in range(20_000)),
        "a picture": "\x89PNG\r\n\x1a\n" + noise.randbytes(30_000).decode("latin-1"),
        "open brackets": "(" * 60_000,
        "brackets": f'@id("a") permit (principal, action, resource) when {{ {"(" * 9000}true{")" * 9000} }};',
        "nots": f'@id("a") permit (principal, action, resource) when {{ {"!" * 30_000}true }};',
        "ifs": f'@id("a") permit (principal, action, resource) when {{ {"if true then " * 4000}true }};',
        "sets": f'@id("a") permit (principal, action, resource) when {{ {"[" * 9000}1{"]" * 9000} == 1 }};',
        "quotes": '"' * 60_001,
        "backslashes": '"' + "\\" * 60_001,
        "remarks": "//" * 30_000,
    }[kind]


JUNK: Final = (
    "a megabyte of rules", "a megabyte of blanks", "a megabyte of quotes", "a megabyte of backslashes",
    "a megabyte of bytes", "bytes", "characters", "a picture", "open brackets", "brackets", "nots", "ifs", "sets",
    "quotes", "backslashes", "remarks",
)  # fmt: skip


@pytest.mark.parametrize("kind", JUNK)
def test_junk_is_refused_quickly_by_the_service_and_over_rest(governor: APIClient, project: Project, kind: str) -> None:
    text = _junk(kind)
    make_policy(project, GOOD, publish=False, slug="tried")
    began_at = time.thread_time()

    found = policies.validate(project_id=project.pk, text=text)
    answer = governor.post(URL + "tried/validate/", {"text": text})

    assert time.thread_time() - began_at < CPU_SECONDS
    assert found.errors
    assert len(found.errors) < 300
    assert all(len(error.message) < 2000 for error in found.errors)
    if len(text) > 100_000:
        assert answer.status_code in (400, 413)
    elif "\x00" in text:
        assert answer.status_code == 400
    else:
        assert (answer.status_code, answer.json()["valid"]) == (200, False)


def test_an_empty_text_is_refused_before_it_is_a_draft(governor: APIClient, project: Project) -> None:
    make_policy(project, GOOD, publish=False, slug="tried")

    assert governor.put(URL + "tried/draft/", {"text": ""}).json()["code"] == "invalid_field"
    assert "at least one rule" in policies.validate(project_id=project.pk, text="").errors[0].message
