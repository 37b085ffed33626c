"""Trials: what a policy that only watches would have done, as the records say it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from executions.queries.decisions import Recorded, recorded
from governance.domain.verdicts import Effect

MOST_DECISIONS: Final = 20_000
"""How many decisions one report looks at, the newest executions first."""

EXAMPLES_EACH: Final = 5
_ORDER: Final = {effect: place for place, effect in enumerate((Effect.HALT, Effect.DENY, Effect.HOLD, Effect.FLAG))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many decisions something would have touched; `bound` of them would have been stopped or held."""

    name: tuple[str, ...]
    many: int
    bound: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialExample:
    """One decision that the policy would have touched, and its strictest rule."""

    recorded: Recorded
    verdict: str
    reason: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialReport:
    """What a version on trial would have done to `decisions` since `since`.

    `by_effect` counts each decision under the strictest effect, the strictest first. `added` of them were
    allowed then, and would not have been. `whose` is by agent and workflow, `rules` by rule, both
    beginning where most would have been bound.
    """

    since: datetime
    decisions: int
    added: int
    by_effect: tuple[tuple[str, int], ...]
    whose: tuple[Counted, ...]
    rules: tuple[Counted, ...]
    examples: tuple[TrialExample, ...]
    more: bool

    @property
    def touched(self) -> int:
        return sum(many for _, many in self.by_effect)


def report(*, project_id: UUID, slug: str, version: int, since: datetime, limit: int = MOST_DECISIONS) -> TrialReport:
    """Read what records say of version `version` of the policy `slug` on trial, decided at `since` or later."""
    effects: Counter[Effect] = Counter()
    whose: Counter[tuple[str, ...]] = Counter()
    whose_bound: Counter[tuple[str, ...]] = Counter()
    rules: Counter[tuple[str, ...]] = Counter()
    rules_bound: Counter[tuple[str, ...]] = Counter()
    examples: dict[Effect, list[TrialExample]] = {}
    decisions, added, more = 0, 0, False
    # One more than wanted tells whether there are more.
    for found in recorded(project_id, since=since, limit=limit + 1):
        if decisions == limit:
            more = True
            break
        decisions += 1
        decision = found.line["decision"]
        marks = [
            one for one in decision.get("shadow", ()) if (one.get("policy"), one.get("version")) == (slug, version)
        ]
        if not marks:
            continue
        strictest = min(marks, key=lambda one: _ORDER[Effect(one["effect"])])
        effect = Effect(strictest["effect"])
        bound = effect is not Effect.FLAG
        effects[effect] += 1
        added += bound and decision["verdict"] == "allow"
        facts = found.line["facts"]
        acting = (facts["principal"]["slug"], facts["execution"]["workflow"])
        whose[acting] += 1
        whose_bound[acting] += bound
        for mark in marks:
            rules[mark.get("rule") or "",] += 1
            rules_bound[mark.get("rule") or "",] += mark["effect"] != Effect.FLAG
        kept = examples.setdefault(effect, [])
        if len(kept) < EXAMPLES_EACH:
            kept.append(TrialExample(recorded=found, verdict=decision["verdict"], reason=strictest))
    ordered = sorted(effects, key=_ORDER.__getitem__)
    return TrialReport(
        since=since,
        decisions=decisions,
        added=added,
        by_effect=tuple((effect.value, effects[effect]) for effect in ordered),
        whose=_counted(whose, whose_bound),
        rules=_counted(rules, rules_bound),
        examples=tuple(example for effect in ordered for example in examples[effect]),
        more=more,
    )


def _counted(many: Counter[tuple[str, ...]], bound: Counter[tuple[str, ...]]) -> tuple[Counted, ...]:
    found = (Counted(name=name, many=number, bound=bound[name]) for name, number in many.items())
    return tuple(sorted(found, key=lambda one: (-one.bound, -one.many, one.name)))
