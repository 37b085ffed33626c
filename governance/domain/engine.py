"""The Cedar engine behind one small door: rules in, names of those that fire out.

Nothing the engine says about an error leaves this module as part of a reason; its words are kept
as diagnostics. Which rule went wrong is read from them, by position.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cedarpy
import orjson

from governance.domain.facts import Facts
from governance.domain.kinds import GROUP_TYPES, Kind, tool_action

_POSITION = re.compile(r"policy([0-9]+)")
_FAILED_POSITION = re.compile(r"policy `policy([0-9]+)`")
_TOOL_GROUP: Final = {"type": "Action", "id": Kind.TOOL_CALL.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Rules parsed once; a rule is known by its position in the texts it was made from."""

    handle: cedarpy.PolicySet
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Positions of the rules that fired and of those that could not be evaluated.

    `allowed` is the engine's own answer: a permit fired and no forbid did. `broken` says that the
    answer itself cannot be trusted.
    """

    allowed: bool = False
    fired: tuple[int, ...] = ()
    failed: tuple[int, ...] = ()
    broken: bool = False
    diagnostics: tuple[str, ...] = ()

    def part(self, start: int, end: int) -> "Outcome":
        """Return what this says of the rules at `start` up to `end`, which are counted from 0 again."""
        return Outcome(
            fired=tuple(place - start for place in self.fired if start <= place < end),
            failed=tuple(place - start for place in self.failed if start <= place < end),
            # Once is enough: the parts are told together.
            diagnostics=self.diagnostics if start == 0 else (),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One set of facts in the engine's form, ready for several rule sets."""

    request: dict[str, Any]
    entities: cedarpy.Entities


def parse_rules(texts: Sequence[str]) -> RuleSet:
    """Parse rules, one text each. Raises ValueError where the engine does not accept them."""
    # The engine numbers rules by their place in the text: policy0, policy1 …
    handle = cedarpy.PolicySet.from_str("\n".join(texts))
    if len(handle) != len(texts):
        raise ValueError("Each text must be exactly one rule.")
    return RuleSet(handle=handle, size=len(texts))


def ask(facts: Facts) -> Question:
    """Put facts into the engine's form. Raises ValueError where it does not accept them."""
    action = {"type": "Action", "id": facts.kind.value}
    entities: list[dict[str, Any]] = []
    if facts.typed_args is not None:
        action = {"type": "Action", "id": tool_action(facts.resource.id)}
        entities.append({"uid": action, "attrs": {}, "parents": [_TOOL_GROUP]})
    principal = {"type": "Agent", "id": facts.principal.slug}
    resource = {"type": facts.resource.type, "id": facts.resource.id}
    entities.append(_entity(principal, facts.principal.teams))
    if resource != principal:
        entities.append(_entity(resource, facts.resource.groups))
    return Question(
        request={
            "principal": principal,
            "action": action,
            "resource": resource,
            "context": orjson.dumps(_context(facts)).decode(),
        },
        entities=cedarpy.Entities.from_json_str(orjson.dumps(entities).decode()),
    )


def evaluate(rules: RuleSet, question: Question) -> Outcome:
    """Evaluate one rule set. Never raises: what goes wrong is in the outcome."""
    if not rules.size:
        return Outcome()
    try:
        result = cedarpy.is_authorized(question.request, rules.handle, question.entities)
    except (ValueError, TypeError, KeyError) as error:
        return Outcome(broken=True, diagnostics=(str(error),))
    errors = tuple(sorted(result.diagnostics.errors))
    if result.decision not in (cedarpy.Decision.Allow, cedarpy.Decision.Deny):
        return Outcome(broken=True, diagnostics=errors)
    positions = [_POSITION.fullmatch(name) for name in result.diagnostics.reasons]
    failures = [_FAILED_POSITION.search(text) for text in errors]
    return Outcome(
        allowed=result.decision == cedarpy.Decision.Allow and not errors,
        fired=tuple(sorted(int(found[1]) for found in positions if found)),
        failed=tuple(sorted({int(found[1]) for found in failures if found})),
        broken=None in positions or None in failures,
        diagnostics=errors,
    )


def _entity(uid: dict[str, str], groups: Sequence[str]) -> dict[str, Any]:
    group_type = GROUP_TYPES.get(uid["type"])
    parents = [{"type": group_type, "id": group} for group in groups] if group_type else []
    return {"uid": uid, "attrs": {}, "parents": parents}


def _context(facts: Facts) -> dict[str, Any]:
    moment, seen, estimate = facts.moment, facts.execution, facts.estimate
    execution: dict[str, Any] = {
        "id": seen.id,
        "workflow": seen.workflow,
        "environment": seen.environment,
        "labels": [f"{key}={value}" for key, value in sorted(seen.labels.items())],
        "depth": seen.depth,
        "attempt": seen.attempt,
        "actions": seen.actions,
        "model_calls": seen.model_calls,
        "tool_calls": seen.tool_calls,
        "refusals": seen.refusals,
        "elapsed_seconds": seen.elapsed_seconds,
        "spent_usd_micros": seen.spent_usd_micros,
    }
    if seen.end_user is not None:
        execution["end_user"] = seen.end_user
    context: dict[str, Any] = {
        "now_ms": moment.now_ms,
        "hour": moment.hour,
        "minute": moment.minute,
        "weekday": moment.weekday,
        "day": moment.day,
        "repeats": facts.repeats,
        "discovered": facts.resource.discovered,
        "execution": execution,
    }
    if estimate is not None:
        named = {
            "usd_micros": estimate.usd_micros,
            "tokens": estimate.tokens,
            "seconds": estimate.seconds,
        }
        context["estimate"] = {k: v for k, v in named.items() if v is not None}
    if facts.definition is not None:
        context["definition"] = {"state": facts.definition.state, "fingerprint": facts.definition.fingerprint}
    if facts.typed_args is not None:
        context["args"] = facts.typed_args
    return context
