"""A decision as the documents describe it: every rule on its own, then the order of causes written out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cache
from typing import Any

import cedarpy
import orjson

from governance.domain.facts import BudgetSeen, Facts
from governance.domain.kinds import GROUP_TYPES
from governance.domain.manifest import GovernanceState, KillOrderInForce
from tests.reference.cedar import Asked, CannotEvaluate, Entity, fires

ORDER = [
    ("kill_order", "halt"),
    ("engine", "halt"),
    ("lifecycle", "halt"),
    ("policy", "halt"),
    ("budget", "halt"),
    ("engine", "deny"),
    ("policy", "deny"),
    ("budget", "deny"),
    ("policy", "hold"),
    ("budget", "hold"),
]
"""docs: kill order > governance error > lifecycle > policy halt > budget halt > arguments that do not fit,
not permitted and policy deny > budget deny > hold."""

type Cause = tuple[str, str, str, str | None, str | None, str | None]
"""Source, effect, code, policy, rule, budget."""


@dataclass(kw_only=True)
class Expected:
    verdict: str
    reasons: list[Cause]
    flags: list[Cause]
    shadow: list[Cause]


def expected(state: GovernanceState, facts: Facts) -> Expected:
    """Judge, slowly."""
    asked = _asked(facts)
    reasons: list[Cause] = []
    flags: list[Cause] = []
    shadow: list[Cause] = []
    permitted = False
    for policy in state.policies:
        for rule in rules_of(policy.text):
            notes = rule.get("annotations", {})
            name, effect = notes["id"], notes.get("effect", "halt")
            enforced = policy.mode == "enforced"
            if rule["effect"] == "permit" and not enforced:
                continue
            try:
                fired = fires(rule, asked)
            except CannotEvaluate:
                into = reasons if enforced else shadow
                into.append(("engine", "halt", "policy_error", policy.slug, name, None))
                continue
            if not fired:
                continue
            if rule["effect"] == "permit":
                permitted = True
            elif not enforced:
                shadow.append(("policy", effect, "policy_rule", policy.slug, name, None))
            elif effect == "flag":
                flags.append(("policy", effect, "policy_rule", policy.slug, name, None))
            else:
                reasons.append(("policy", effect, "policy_rule", policy.slug, name, None))
    if not permitted:
        reasons.append(("policy", "deny", "not_permitted", None, None, None))
    if facts.args_problem is not None:
        reasons.append(("engine", "deny", "args_invalid", None, None, None))
    reasons += [
        ("kill_order", "halt", "killed", None, None, None) for order in state.kill_orders if _hits(order, facts)
    ]
    reasons += [("kill_order", "halt", "killed", None, None, None) for _ in facts.lifecycle.kill_orders]
    for ends, code in (
        (facts.lifecycle.cancel_requested, "cancel_requested"),
        (facts.lifecycle.deadline_passed, "deadline_passed"),
        (facts.lifecycle.ancestor_ended, "ancestor_ended"),
        (facts.lifecycle.refusals_exhausted, "too_many_refusals"),
    ):
        reasons += [("lifecycle", "halt", code, None, None, None)] if ends else []
    reasons += [
        ("budget", seen.on_exceed.value, "budget_exceeded", None, None, seen.budget)
        for seen in facts.budgets
        if _short(seen)
    ]
    granted = {(grant.policy, grant.rule, grant.budget) for grant in facts.grants}
    binding = [one for one in reasons if one[1] != "hold" or one[3:] not in granted]
    binding.sort(key=_place)
    return Expected(
        verdict=binding[0][1] if binding else "allow",
        reasons=binding,
        flags=sorted(flags, key=_place),
        shadow=sorted(shadow, key=_place),
    )


def _place(cause: Cause) -> tuple[Any, ...]:
    source, effect, code, *named = cause
    rank = ORDER.index((source, effect)) if (source, effect) in ORDER else len(ORDER)
    if (source, effect) == ("policy", "deny"):
        # These two share a rank: the engine's word comes first because of its source.
        rank = ORDER.index(("engine", "deny"))
    if effect == "hold":
        rank = ORDER.index(("policy", "hold"))
    sources = ["kill_order", "engine", "lifecycle", "policy", "budget"]
    return (rank, sources.index(source), *(name or "" for name in named), code)


def _hits(order: KillOrderInForce, facts: Facts) -> bool:
    return (
        order.value
        in {
            "all": {order.value},
            "project": {order.value},
            "team": set(facts.principal.teams),
            "agent": {facts.principal.slug},
            "workflow": {facts.execution.workflow},
            "tool": {facts.resource.id} if facts.resource.type == "Tool" else set(),
            "model": {facts.resource.id} if facts.resource.type == "Model" else set(),
        }[order.scope]
    )


def _short(seen: BudgetSeen) -> bool:
    """docs/reference/budgets.md: refuses when reserved + spent - overrun + asked > limit + extra."""
    return seen.reserved + seen.spent - seen.overrun + seen.asked > seen.limit + seen.extra


@cache
def rules_of(text: str) -> list[dict[str, Any]]:
    """A text's rules in the engine's JSON form, in no order that matters."""
    document = orjson.loads(cedarpy.policies_to_json_str(text))
    return list(document["staticPolicies"].values())


def _asked(facts: Facts) -> Asked:
    principal = Entity("Agent", facts.principal.slug)
    resource = Entity(facts.resource.type, facts.resource.id)
    kind = Entity("Action", facts.kind.value)
    action, parents = kind, {}
    if facts.typed_args is not None:
        action = Entity("Action", f"tool.call/{facts.resource.id}")
        parents[action] = frozenset({kind})
    if facts.resource.type in GROUP_TYPES:
        parents[resource] = frozenset(Entity(GROUP_TYPES[facts.resource.type], name) for name in facts.resource.groups)
    parents[principal] = frozenset(Entity("Team", name) for name in facts.principal.teams)
    return Asked(principal=principal, action=action, resource=resource, context=_context(facts), parents=parents)


def _context(facts: Facts) -> dict[str, Any]:
    """docs/reference/facts.md, Context."""
    context: dict[str, Any] = {
        **_members(facts.moment),
        "repeats": facts.repeats,
        "discovered": facts.resource.discovered,
        "execution": _members(facts.execution)
        | {"labels": [f"{name}={value}" for name, value in facts.execution.labels.items()]},
    }
    if facts.estimate is not None:
        context["estimate"] = _members(facts.estimate)
    if facts.definition is not None:
        context["definition"] = _members(facts.definition)
    if facts.typed_args is not None:
        context["args"] = {name: _typed(value) for name, value in facts.typed_args.items()}
    return context


def _typed(value: Any) -> Any:
    return Decimal(value["__extn"]["arg"]) if isinstance(value, Mapping) and "__extn" in value else value


def _members(value: Any) -> dict[str, Any]:
    found = {item.name: getattr(value, item.name) for item in fields(value)}
    return {name: content for name, content in found.items() if content is not None}
