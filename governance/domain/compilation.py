"""Policies parsed once per governance state and kept for the decisions under it."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from governance.domain import engine, policies
from governance.domain.manifest import GovernanceState, PolicyInForce

_KEPT_STATES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRule:
    """A rule and the policy version it belongs to."""

    policy: str
    version: int
    rule: policies.Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRules:
    """Rules and, in the same order, their parsed form."""

    rules: tuple[PlacedRule, ...]
    parsed: engine.RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPolicies:
    """All policies of a state, parsed. `unreadable` are those this engine cannot read.

    `binding` is permits and forbids together: what it allows freely needs no second look.
    """

    binding: engine.RuleSet
    permits: PlacedRules
    forbids: PlacedRules
    shadow: PlacedRules
    unreadable: tuple[PolicyInForce, ...]


def compile_policies(in_force: Iterable[PolicyInForce]) -> CompiledPolicies:
    """Parse policies once. Never raises: an unreadable enforced policy halts every decision."""
    permits: list[PlacedRule] = []
    forbids: list[PlacedRule] = []
    shadow: list[PlacedRule] = []
    unreadable: list[PolicyInForce] = []
    for policy in sorted(in_force, key=lambda policy: policy.slug):
        read = policies.parse(policy.text)
        if not read.valid:
            unreadable.append(policy)
            continue
        for rule in read.rules:
            placed = PlacedRule(policy=policy.slug, version=policy.version, rule=rule)
            if policy.mode == "enforced":
                (permits if rule.effect is None else forbids).append(placed)
            elif rule.effect is not None:
                shadow.append(placed)
    return CompiledPolicies(
        binding=_parse([*permits, *forbids]),
        permits=_place(permits),
        forbids=_place(forbids),
        shadow=_place(shadow),
        unreadable=tuple(policy for policy in unreadable if policy.mode == "enforced"),
    )


def _place(rules: list[PlacedRule]) -> PlacedRules:
    return PlacedRules(rules=tuple(rules), parsed=_parse(rules))


def _parse(rules: list[PlacedRule]) -> engine.RuleSet:
    return engine.parse_rules([placed.rule.text for placed in rules])


class CompiledStates:
    """The parsed policies of the states judged last, by digest; safe to share between threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, CompiledPolicies] = OrderedDict()
        self._lock = Lock()

    def __call__(self, state: GovernanceState) -> CompiledPolicies:
        with self._lock:
            if (kept := self._kept.get(state.digest)) is not None:
                self._kept.move_to_end(state.digest)
                return kept
        made = compile_policies(state.policies)
        with self._lock:
            self._kept[state.digest] = made
            while len(self._kept) > _KEPT_STATES:
                self._kept.popitem(last=False)
        return made
