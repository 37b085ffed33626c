"""One decision, facts to verdict, with many rules in force: no database, no HTTP."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bench import load
from bench.load import Sample
from governance.domain import evaluation
from governance.domain.baselines import BASELINES
from governance.domain.facts import Estimate, ExecutionSeen, Facts, Moment, Principal, Resource
from governance.domain.kinds import Kind
from governance.domain.manifest import GovernanceState, PolicyInForce, policy_digest

RULES: Final = 200
DECISIONS: Final = 5_000
CONDITIONS: Final = (
    "context.execution.actions > 10000000{n}",
    "context.repeats > 10000000{n}",
    'resource == Tool::"mail" && context.hour == 2{n}',
    'principal in Team::"team-{n}" && context.execution.depth > 3',
    "context has estimate && context.estimate has usd_micros && context.estimate.usd_micros > 90000000{n}",
)
"""They look at different facts and none of them is met."""

FACTS: Final = Facts(
    principal=Principal(slug="agent-1", teams=("team-1",)),
    kind=Kind.TOOL_CALL,
    resource=Resource(type="Tool", id="search", groups=("reading",)),
    moment=Moment(now_ms=1_700_000_000_000, hour=9, minute=30, weekday=2, day="2026-03-03"),
    execution=ExecutionSeen(id="01890000-0000-7000-8000-000000000000", workflow="work-1", labels={"bench": "1"}),
    estimate=Estimate(usd_micros=1_000, tokens=100, seconds=1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """How long decisions of one kind took."""

    what: str
    sample: Sample


def measure(decisions: int = DECISIONS) -> list[Decided]:
    """Time decisions one by one, for each way that one can go through the rules."""
    quiet = [_forbid(number, CONDITIONS[number % len(CONDITIONS)]) for number in range(RULES)]
    cases = {
        "allowed": (BASELINES["watch"], quiet[1:]),
        "refused by one rule": (BASELINES["watch"], [*quiet[2:], _forbid(1, "true")]),
        "refused: nothing permits": ("", quiet),
        "refused by every rule": (BASELINES["watch"], [_forbid(number, "true") for number in range(1, RULES)]),
    }
    return [
        Decided(what=what, sample=_timed(_state(baseline, rules), decisions))
        for what, (baseline, rules) in cases.items()
    ]


def _timed(state: GovernanceState, decisions: int) -> Sample:
    # The first decision under new rules parses them.
    evaluation.decide(state=state, facts=FACTS)
    taken = []
    began_at = time.perf_counter()
    for _ in range(decisions):
        start = time.perf_counter_ns()
        evaluation.decide(state=state, facts=FACTS)
        taken.append((time.perf_counter_ns() - start) / 1e6)
    rate = decisions / (time.perf_counter() - began_at)
    return load.of_latencies(rate, sorted(taken))


def _state(baseline: str, rules: Iterable[str]) -> GovernanceState:
    texts = {"baseline": baseline, "rules": "\n".join(rules)}
    policies = tuple(
        PolicyInForce(slug=slug, version=1, digest=policy_digest(text), mode="enforced", text=text)
        for slug, text in texts.items()
        if text
    )
    return GovernanceState(project="bench", number=1, policies=policies)


def _forbid(number: int, condition: str) -> str:
    return (
        f'@id("rule-{number}") @message("Rule {number} was met.") @effect("deny")\n'
        f'forbid (principal, action in Action::"tool.call", resource)\n'
        f"when {{ {condition.format(n=number // len(CONDITIONS))} }};"
    )
