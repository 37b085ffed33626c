"""Policy texts: read, checked against the schema, and what the registry has to know about them."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import cedarpy
import orjson

from governance.domain import cedar_json, cedar_places
from governance.domain.cedar_places import Place
from governance.domain.cedar_schema import CedarSchema
from governance.domain.cedar_text import Statement, TextRefused, split
from governance.domain.kinds import Kind
from governance.domain.verdicts import Effect

_RULE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DURATION = re.compile(r"([1-9][0-9]{0,5})(s|m|h|d)")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_ENGINE_ID = re.compile(r"for policy `policy\d+`, |`?policy\d+`?:? ?")
_UNGUARDED = re.compile(r"optional attribute `([A-Za-z0-9_.]+)` in context")
_UNKNOWN = re.compile(r"attribute `[^`]*` .*not found")
_FOR_HOLDS: Final = frozenset(("approvers", "quorum", "timeout", "on_refusal", "escalate"))
_FOR_FORBIDS: Final = _FOR_HOLDS | {"effect"}
KNOWN_ANNOTATIONS: Final = _FOR_FORBIDS | {"id", "message"}
_MAX_MESSAGE: Final = 500
_MOST_NARROWED: Final = 8
"""Mistakes of a text whose place is looked for by leaving parts out, which asks the engine again and again."""
_MAX_TIMEOUT_SECONDS: Final = 30 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityRef:
    """An entity that a text names, to be resolved against the registry."""

    type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """The group that is asked as well, once a request has waited for so many seconds."""

    group: str
    after_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a policy. `effect` None is a permit; `timeout_seconds` None is the default."""

    id: str
    effect: Effect | None
    text: str
    line: int
    column: int = 1
    message: str = ""
    approvers: str | None = None
    quorum: int = 1
    timeout_seconds: int | None = None
    on_refusal: Effect = Effect.DENY
    escalation: Escalation | None = None
    entities: tuple[EntityRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyError:
    """What is wrong with a text. Lines and columns count from 1."""

    message: str
    rule: str | None = None
    line: int | None = None
    column: int | None = None

    def document(self) -> dict[str, object]:
        named = {"rule": self.rule, "line": self.line, "column": self.column}
        return {"message": self.message} | {k: v for k, v in named.items() if v is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The rules that could be read, and everything that stands against publishing them."""

    rules: tuple[Rule, ...] = ()
    errors: tuple[PolicyError, ...] = ()

    @property
    def valid(self) -> bool:
        return not self.errors


class _Flaw(Exception):
    pass


def parse(text: str) -> Validation:
    """Read a text without a schema: syntax, annotations, limits, groups compared with `==`."""
    try:
        statements = split(text)
    except TextRefused as refusal:
        error = PolicyError(message=refusal.message, line=refusal.line)
        return Validation(errors=(error,))
    if not statements:
        return Validation(errors=(PolicyError(message="A policy has at least one rule."),))
    rules: list[Rule] = []
    errors: list[PolicyError] = []
    for statement in statements:
        est = _est(statement, errors)
        if est is None:
            continue
        identity = est.get("annotations", {}).get("id")
        try:
            rules.append(_rule(statement, est))
        except _Flaw as flaw:
            place = cedar_places.of_words(statement.text, str(flaw))
            errors.append(_error(str(flaw), at=statement, place=place, rule=identity))
    times = Counter(rule.id for rule in rules)
    errors.extend(error_in(rule, "Another rule has the same @id.") for rule in rules if times[rule.id] > 1)
    return Validation(rules=tuple(rules), errors=tuple(errors))


def unreadable(text: str) -> tuple[PolicyError, ...]:
    """Return what keeps the engine from reading a text at all: limits and syntax."""
    errors: list[PolicyError] = []
    try:
        for statement in split(text):
            _est(statement, errors)
    except TextRefused as refusal:
        errors.append(PolicyError(message=refusal.message, line=refusal.line))
    return tuple(errors)


def validate(text: str, schema: CedarSchema) -> Validation:
    """Read a text and check it against the schema, rule by rule."""
    parsed = parse(text)
    if parsed.errors:
        return parsed
    errors: list[PolicyError] = []
    for rule in parsed.rules:
        # The engine's own order varies between calls.
        for message in sorted(_complaints(rule.text, schema)):
            place = None
            if message.startswith("unexpected type") and len(errors) < _MOST_NARROWED:
                place = cedar_places.of_part(rule.text, message, partial(_complaints, schema=schema))
            errors.append(_error(message, at=rule, place=place, rule=rule.id) if place else error_in(rule, message))
    return Validation(rules=parsed.rules, errors=tuple(errors))


def _complaints(text: str, schema: CedarSchema) -> set[str]:
    found = cedarpy.validate_policies(text, schema).errors
    return {_advised(_ENGINE_ID.sub("", item.error)) for item in found}


def error_in(rule: Rule, message: str) -> PolicyError:
    """Say what is wrong with a rule, at the first words that `message` quotes."""
    return _error(message, at=rule, place=cedar_places.of_words(rule.text, message), rule=rule.id)


def _error(message: str, *, at: Statement | Rule, place: Place | None = None, rule: str | None = None) -> PolicyError:
    """Say what is wrong at a place inside a rule, counted from the beginning of the whole text."""
    line, column = (place.line, place.column) if place else (1, 1)
    first = at.column - 1 if line == 1 else 0
    return PolicyError(message=message, rule=rule, line=at.line + line - 1, column=first + column)


def _advised(message: str) -> str:
    """Add to the engine's words what to do."""
    if unguarded := _UNGUARDED.search(message):
        parts = ("context", *unguarded[1].split("."))
        asked = " && ".join(f"{'.'.join(parts[:place])} has {parts[place]}" for place in range(1, len(parts)))
        return f"{message}. It may be missing, so ask first: `{asked} && …`."
    if _UNKNOWN.search(message):
        return f"{message}. Look at how it is spelt: the facts that rules can see have a list of their own."
    return message


def _est(statement: Statement, errors: list[PolicyError]) -> dict[str, Any] | None:
    """Return the engine's JSON form of one rule; None after noting why there is none."""
    try:
        document = orjson.loads(cedarpy.policies_to_json_str(statement.text))
    except ValueError as error:
        place = cedar_places.of_mistake(statement.text, str(error))
        errors.append(_error(f"Not Cedar: {error}.", at=statement, place=place))
        return None
    if document["templates"]:
        errors.append(_error("Slots (?principal) are not supported.", at=statement))
        return None
    made: dict[str, Any] | None = next(iter(document["staticPolicies"].values()), None)
    if made is None:
        errors.append(_error("There is no rule here.", at=statement))
    return made


def _rule(statement: Statement, est: Mapping[str, Any]) -> Rule:
    notes: dict[str, str] = {k: v or "" for k, v in est.get("annotations", {}).items()}
    identity = notes.get("id", "")
    if not _RULE_ID.fullmatch(identity):
        raise _Flaw('Each rule needs an @id("…"): letters, digits, dot, dash, underscore.')
    if unknown := sorted(notes.keys() - KNOWN_ANNOTATIONS):
        raise _Flaw(f"@{unknown[0]} is not an annotation of ours.")
    if cedar_json.compares_action(est, Kind.TOOL_CALL.value):
        raise _Flaw('Write `action in Action::"tool.call"`: `==` misses the tools that have a schema.')
    entities = tuple(sorted(set(_entities(est)), key=lambda ref: (ref.type, ref.id)))
    place: dict[str, Any] = {"id": identity, "text": statement.text, "line": statement.line, "column": statement.column}
    if est["effect"] == "permit":
        if misplaced := sorted(notes.keys() & _FOR_FORBIDS):
            raise _Flaw(f"@{misplaced[0]} belongs on a forbid.")
        return Rule(**place, effect=None, message=notes.get("message", ""), entities=entities)
    return Rule(**place, entities=entities, **_forbid_notes(notes))


def _forbid_notes(notes: Mapping[str, str]) -> dict[str, Any]:
    effect = _one_of(notes, "effect", tuple(Effect), Effect.HALT)
    message = notes.get("message", "").strip()
    if not 1 <= len(message) <= _MAX_MESSAGE:
        raise _Flaw(f"A forbid needs a @message of at most {_MAX_MESSAGE} characters.")
    if effect is not Effect.HOLD and (misplaced := sorted(notes.keys() & _FOR_HOLDS)):
        raise _Flaw(f'@{misplaced[0]} needs @effect("hold").')
    if "approvers" in notes and not notes["approvers"].strip():
        raise _Flaw("@approvers names a group.")
    quorum = notes.get("quorum", "1")
    if not re.fullmatch(r"[1-9][0-9]?", quorum, re.ASCII):
        raise _Flaw("@quorum is a number from 1 to 99.")
    timeout = _timeout(notes.get("timeout"))
    return {
        "effect": effect,
        "message": message,
        "approvers": notes.get("approvers"),
        "quorum": int(quorum),
        "timeout_seconds": timeout,
        "escalation": _escalation(notes, timeout),
        "on_refusal": _one_of(notes, "on_refusal", (Effect.DENY, Effect.HALT), Effect.DENY),
    }


def _one_of(notes: Mapping[str, str], name: str, choices: tuple[Effect, ...], default: Effect) -> Effect:
    if name not in notes:
        return default
    if notes[name] not in choices:
        raise _Flaw(f"@{name} is one of {', '.join(choices)}.")
    return Effect(notes[name])


def _timeout(written: str | None) -> int | None:
    if written is None:
        return None
    seconds = _seconds(written)
    if not 1 <= seconds <= _MAX_TIMEOUT_SECONDS:
        raise _Flaw('@timeout is a duration like "30m" or "24h", at most 30 days.')
    return seconds


def _escalation(notes: Mapping[str, str], timeout: int | None) -> Escalation | None:
    if "escalate" not in notes:
        return None
    group, _, written = notes["escalate"].partition(" after ")
    if not group or not 1 <= (after := _seconds(written)) <= _MAX_TIMEOUT_SECONDS:
        raise _Flaw('@escalate names a group and a time of at most 30 days: "legal after 30m".')
    if timeout is not None and after >= timeout:
        raise _Flaw("@escalate comes too late: by then @timeout is over.")
    if group == notes.get("approvers"):
        raise _Flaw("@escalate names the group of @approvers, which is asked already.")
    return Escalation(group=group, after_seconds=after)


def _seconds(written: str) -> int:
    match = _DURATION.fullmatch(written)
    return int(match[1]) * _SECONDS[match[2]] if match else 0


def _entities(est: Mapping[str, Any]) -> Iterator[EntityRef]:
    """Yield every entity in the scope and the conditions, actions excepted."""
    for item in cedar_json.walk(est):
        for key in ("entity", "__entity"):
            found = item.get(key)
            if isinstance(found, Mapping) and found.get("type") not in (None, "Action"):
                yield EntityRef(type=found["type"], id=found["id"])
        if item.get("op") == "in" and isinstance(item.get("entities"), list):
            for found in item["entities"]:
                if found["type"] != "Action":
                    yield EntityRef(type=found["type"], id=found["id"])
