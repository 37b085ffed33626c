"""Policies parsed once per governance state and kept for the decisions under it."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from governance.domain import engine, policies
from governance.domain.manifest import GovernanceState, PolicyInForce, policy_digest
from governance.domain.verdicts import Effect, Reason, Source

_KEPT_STATES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRule:
    """A rule, the policy version it belongs to, and the reason that it gives whenever it fires."""

    policy: str
    version: int
    rule: policies.Rule
    reason: Reason


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
            placed = _placed(policy, rule)
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


def _placed(policy: PolicyInForce, rule: policies.Rule) -> PlacedRule:
    reason = Reason(
        source=Source.POLICY,
        effect=rule.effect or Effect.HALT,
        code="policy_rule",
        message=rule.message,
        policy=policy.slug,
        version=policy.version,
        rule=rule.id,
    )
    return PlacedRule(policy=policy.slug, version=policy.version, rule=rule, reason=reason)


def _place(rules: list[PlacedRule]) -> PlacedRules:
    return PlacedRules(rules=tuple(rules), parsed=_parse(rules))


def _parse(rules: list[PlacedRule]) -> engine.RuleSet:
    return engine.parse_rules([placed.rule.text for placed in rules])


class CompiledStates:
    """The parsed policies of the states judged last; safe to share between threads.

    They are found by the state's digest, which costs nothing. A state that is new shares what another
    with the very same policies has: a budget or a kill order parses nothing again.
    """

    def __init__(self) -> None:
        self._by_state: _Kept[str] = _Kept()
        self._by_policies: _Kept[frozenset[tuple[str, int, str, str]]] = _Kept()

    def __call__(self, state: GovernanceState) -> CompiledPolicies:
        return self._by_state(state.digest, lambda: self._of(state.policies))

    def _of(self, in_force: Iterable[PolicyInForce]) -> CompiledPolicies:
        # The digest itself is computed: what a manifest says of a text must not decide which text is used.
        same = frozenset((one.slug, one.version, one.mode, policy_digest(one.text)) for one in in_force)
        return self._by_policies(same, lambda: compile_policies(in_force))


class _Kept[Key]:
    """The values asked for last, by what they are made from."""

    def __init__(self) -> None:
        self._values: OrderedDict[Key, CompiledPolicies] = OrderedDict()
        self._lock = Lock()

    def __call__(self, key: Key, make: Callable[[], CompiledPolicies]) -> CompiledPolicies:
        with self._lock:
            if (kept := self._values.get(key)) is not None:
                self._values.move_to_end(key)
                return kept
        # Two threads may both make it; either's will do, and nobody waits for a parser under a lock.
        made = make()
        with self._lock:
            self._values[key] = made
            while len(self._values) > _KEPT_STATES:
                self._values.popitem(last=False)
        return made
