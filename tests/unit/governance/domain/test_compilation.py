"""Parsed policies are kept, and what is kept is never that of other policies."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from unittest.mock import patch

import pytest

from governance.domain import compilation
from governance.domain.baselines import BASELINES
from governance.domain.compilation import CompiledPolicies, CompiledStates, compile_policies
from governance.domain.evaluation import decide
from governance.domain.manifest import GovernanceState, KillOrderInForce, PolicyInForce, policy_digest
from governance.domain.verdicts import Effect
from tests.reference import samples


def policy(slug: str, text: str, *, mode: str = "enforced", version: int = 1) -> PolicyInForce:
    return PolicyInForce(slug=slug, version=version, digest=policy_digest(text), mode=mode, text=text)


def forbid(effect: str = "deny", message: str = "m") -> str:
    return f'@id("r") @message("{message}") @effect("{effect}") forbid (principal, action, resource);'


WATCH = policy("baseline", BASELINES["watch"])


def state(*policies: PolicyInForce, **others: object) -> GovernanceState:
    return GovernanceState(project="p", number=1, policies=policies, **others)  # type: ignore[arg-type]


def told(compiled: CompiledPolicies) -> list[tuple[str, int, str, str]]:
    placed = (*compiled.permits.rules, *compiled.forbids.rules, *compiled.shadow.rules)
    return [(one.policy, one.version, one.rule.text, one.reason.message) for one in placed]


def test_a_state_is_parsed_once_and_so_are_the_policies_that_several_share() -> None:
    compiled = CompiledStates()
    with patch.object(compilation, "compile_policies", side_effect=compile_policies) as parsing:
        first = compiled(state(WATCH))
        assert compiled(state(WATCH)) is first
        assert compiled(state(WATCH, kill_orders=(KillOrderInForce(id="k", scope="all"),))) is first
        assert compiled(replace(state(WATCH), number=7)) is first

    assert parsing.call_count == 1


@pytest.mark.parametrize(
    "other",
    [
        policy("p", forbid(message="other")),
        policy("p", forbid(effect="hold")),
        policy("p", forbid(), mode="shadow"),
        policy("p", forbid(), version=2),
        policy("q", forbid()),
    ],
    ids=["text", "effect", "mode", "version", "slug"],
)
def test_whatever_differs_is_parsed_anew(other: PolicyInForce) -> None:
    compiled = CompiledStates()
    before = compiled(state(WATCH, policy("p", forbid())))

    after = compiled(state(WATCH, other))

    assert after is not before
    assert told(after) == told(compile_policies((WATCH, other)))


def test_the_text_counts_and_not_the_digest_that_somebody_gave_it() -> None:
    compiled = CompiledStates()
    one, other = policy("p", forbid(message="one")), policy("p", forbid(message="other"))
    compiled(state(one))

    lying = replace(other, digest=one.digest)

    assert told(compiled(state(lying, kill_orders=(KillOrderInForce(id="k", scope="all"),))))[0][3] == "other"


def test_many_threads_under_changing_rules_each_get_those_of_their_state() -> None:
    """More states than are kept, in another order in each thread: what comes back is always the state's own."""
    states = [
        state(WATCH, policy("p", forbid(effect, message=f"{number}"), version=number))
        for number in range(50)
        for effect in (Effect.DENY, Effect.HALT)
    ]
    facts = samples.make_facts(Random(1))  # noqa: S311 - reproducible, not a secret

    def judge(seed: int) -> None:
        order = Random(seed)  # noqa: S311 - reproducible, not a secret
        for place in order.sample(range(len(states)), len(states)):
            [reason] = [one for one in decide(state=states[place], facts=facts).reasons if one.code == "policy_rule"]
            wanted = states[place].policies[-1]
            assert (reason.version, reason.message) == (wanted.version, f"{wanted.version}")
            assert reason.effect == (Effect.DENY, Effect.HALT)[place % 2]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(judge, range(8)))
