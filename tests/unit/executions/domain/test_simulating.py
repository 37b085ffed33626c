"""Transitions and their order, and a draft in the place of a policy."""

from itertools import permutations

from executions.domain.simulating import NOT_IN_FORCE, TRANSITIONS, Draft, Transition, in_order, with_draft
from governance.domain.manifest import GovernanceState, PolicyInForce, policy_digest
from governance.domain.verdicts import Verdict

OTHER = PolicyInForce(slug="other", version=7, digest=policy_digest("x"), mode="enforced", text="x")
MAIL = PolicyInForce(slug="mail", version=3, digest=policy_digest("old"), mode="enforced", text="old")


def draft(mode: str = "enforced") -> Draft:
    return Draft(slug="mail", text="new", mode=mode)


def test_every_change_of_a_verdict_has_one_place() -> None:
    assert sorted(TRANSITIONS) == sorted(
        Transition(before=before, after=after) for before, after in permutations(Verdict, 2)
    )


def test_what_is_newly_let_through_is_read_first() -> None:
    shuffled = sorted(TRANSITIONS, key=str, reverse=True)

    ordered = [str(transition) for transition in in_order(shuffled)]

    assert ordered[:3] == ["deny->allow", "halt->allow", "hold->allow"]
    assert ordered[6:9] == ["allow->halt", "allow->deny", "allow->hold"]


def test_a_draft_takes_the_place_and_the_version_of_the_policy() -> None:
    state = GovernanceState(project="p", number=1, policies=(MAIL, OTHER))

    tried = with_draft(state, draft())

    assert {policy.slug: (policy.version, policy.text) for policy in tried.policies} == {
        "mail": (3, "new"),
        "other": (7, "x"),
    }
    assert tried.digest != state.digest


def test_a_draft_joins_rules_that_did_not_have_its_policy() -> None:
    tried = with_draft(GovernanceState(project="p", number=1, policies=(OTHER,)), draft("shadow"))

    (joined,) = (policy for policy in tried.policies if policy.slug == "mail")
    assert (joined.version, joined.mode, joined.digest) == (NOT_IN_FORCE, "shadow", policy_digest("new"))
    assert OTHER in tried.policies


def test_the_same_text_is_the_same_state() -> None:
    state = GovernanceState(project="p", number=1, policies=(MAIL, OTHER))

    assert with_draft(state, Draft(slug="mail", text="old", mode="enforced")).digest == state.digest
