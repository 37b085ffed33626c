"""`python -m tests.reference.comparing 1000000 [seed]`: decisions beside the reference's, as many as one likes."""

import sys
from collections import Counter
from random import Random

from governance.domain.evaluation import decide
from governance.domain.facts import Facts
from governance.domain.manifest import GovernanceState
from governance.domain.verdicts import Reason
from tests.reference import decisions, samples
from tests.reference.decisions import Cause

PER_STATE = 200


def compare(many: int, *, seed: int = 0) -> Counter[str]:
    """Judge `many` facts both ways, PER_STATE under each set of rules; returns how often which verdict.

    Raises AssertionError at the first difference, with what it takes to see it again.
    """
    verdicts: Counter[str] = Counter()
    for start in range(0, many, PER_STATE):
        random = Random(f"{seed}/{start}")  # noqa: S311 - the same samples again, not a secret
        state = samples.make_state(random)
        for _ in range(min(PER_STATE, many - start)):
            facts = samples.make_facts(random)
            verdicts[check(state, facts)] += 1
    return verdicts


def check(state: GovernanceState, facts: Facts) -> str:
    """Judge both ways; returns the verdict."""
    decision, wanted = decide(state=state, facts=facts), decisions.expected(state, facts)
    made = (
        decision.verdict.value,
        _causes(decision.reasons),
        _causes(decision.flags),
        _causes(decision.shadow),
    )
    asked = (wanted.verdict, wanted.reasons, wanted.flags, wanted.shadow)
    assert made == asked, f"{made} is not {asked}\n{state.policies}\n{facts}"
    return decision.verdict.value


def _causes(reasons: tuple[Reason, ...]) -> list[Cause]:
    return [(one.source.value, one.effect.value, one.code, one.policy, one.rule, one.budget) for one in reasons]


if __name__ == "__main__":
    number, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    print(dict(sorted(compare(number, seed=first).items())))
