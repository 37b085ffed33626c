"""Decisions: which causes apply, which binds, and that the same facts give the same bytes."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.domain import facts as facts_v1
from governance.domain import manifest
from governance.domain.baselines import BASELINES
from governance.domain.evaluation import decide
from governance.domain.facts import BudgetSeen, Estimate, ExecutionSeen, Facts, Lifecycle, Moment, Principal, Resource
from governance.domain.kinds import Kind
from governance.domain.manifest import ApproverGroup, BudgetInForce, GovernanceState, KillOrderInForce, PolicyInForce
from governance.domain.verdicts import Effect, Grant, HoldTerms, Verdict
from waxell.lib import canonical

SHELL = Facts(
    principal=Principal(slug="bob", teams=("ops",)),
    kind=Kind.TOOL_CALL,
    resource=Resource(type="Tool", id="shell", groups=("dangerous",)),
    moment=Moment(now_ms=1_700_000_000_000, hour=9, minute=30, weekday=2, day="2026-03-03"),
    execution=ExecutionSeen(id="x1", workflow="audit", labels={"team": "red"}),
)
SHORT = BudgetSeen(
    budget="money",
    version=2,
    unit="usd",
    member="",
    limit=10,
    reserved=4,
    spent=3,
    asked=4,
    on_exceed=Effect.HALT,
)


def policy(slug: str, text: str, mode: str = "enforced", version: int = 1) -> PolicyInForce:
    return PolicyInForce(slug=slug, version=version, digest=manifest.policy_digest(text), mode=mode, text=text)


WATCH = policy("baseline", BASELINES["watch"])


def forbid(effect: str, *, slug: str | None = None, when: str = "true", notes: str = "") -> PolicyInForce:
    text = (
        f'@id("{effect}-rule") @message("{effect}!") @effect("{effect}") {notes}\n'
        f'forbid (principal, action in Action::"tool.call", resource) when {{ {when} }};'
    )
    return policy(slug or f"{effect}-policy", text)


def state(*policies: PolicyInForce, **others: Any) -> GovernanceState:
    return GovernanceState(project="p", number=1, policies=policies, **others)


def codes(decision: Any) -> list[str]:
    return [f"{reason.source}:{reason.effect}:{reason.code}" for reason in decision.reasons]


def test_watch_allows_everything_without_a_reason() -> None:
    assert decide(state=state(WATCH), facts=SHELL).document() == {"verdict": "allow", "reasons": []}


def test_without_a_permit_nothing_is_allowed_and_the_reason_names_what_was_asked() -> None:
    decision = decide(state=state(), facts=SHELL)
    assert decision.verdict is Verdict.DENY
    assert decision.reasons[0].code == "not_permitted"
    assert "tool.call on Tool shell" in decision.reasons[0].message


def test_allow_list_refuses_what_nobody_adopted() -> None:
    rules = state(policy("baseline", BASELINES["allow-list"]))
    unknown = replace(SHELL, resource=replace(SHELL.resource, discovered=True))
    assert decide(state=rules, facts=SHELL).verdict is Verdict.ALLOW
    assert decide(state=rules, facts=unknown).verdict is Verdict.DENY


def test_all_causes_are_listed_in_their_order_and_the_first_binds() -> None:
    facts = replace(
        SHELL,
        args_problem="`a` is required.",
        budgets=(
            replace(SHORT, budget="c-hold", on_exceed=Effect.HOLD),
            replace(SHORT, budget="b-deny", on_exceed=Effect.DENY),
            SHORT,
        ),
        lifecycle=Lifecycle(deadline_passed=True, kill_orders=("k2",)),
    )
    rules = state(
        forbid("hold"),
        forbid("deny"),
        forbid("halt"),
        forbid("halt", slug="erring", when="context.estimate.tokens > 1"),
        kill_orders=(KillOrderInForce(id="k1", scope="agent", value="bob"),),
    )
    decision = decide(state=rules, facts=facts)
    assert decision.verdict is Verdict.HALT
    assert codes(decision) == [
        "kill_order:halt:killed",
        "kill_order:halt:killed",
        "engine:halt:policy_error",
        "lifecycle:halt:deadline_passed",
        "policy:halt:policy_rule",
        "budget:halt:budget_exceeded",
        "engine:deny:args_invalid",
        "policy:deny:not_permitted",
        "policy:deny:policy_rule",
        "budget:deny:budget_exceeded",
        "policy:hold:policy_rule",
        "budget:hold:budget_exceeded",
    ]
    assert decision.reasons[2].policy == "erring"
    assert decision.holds == ()


def test_an_engine_error_halts_and_its_words_stay_out_of_the_record() -> None:
    rules = state(WATCH, forbid("flag", when="context.estimate.tokens > 1"))
    decision = decide(state=rules, facts=SHELL)
    assert codes(decision) == ["engine:halt:policy_error"]
    assert (decision.reasons[0].policy, decision.reasons[0].rule) == ("flag-policy", "flag-rule")
    assert "estimate" in decision.diagnostics[0]
    assert b"attribute" not in canonical.encode(decision.document())


def test_an_unreadable_policy_in_force_halts() -> None:
    decision = decide(state=state(WATCH, policy("broken", "permit (")), facts=SHELL)
    assert codes(decision) == ["engine:halt:policy_error"]
    assert decision.reasons[0].policy == "broken"


def test_rules_on_trial_never_bind_nor_do_their_errors() -> None:
    rules = state(
        WATCH,
        replace(forbid("halt"), mode="shadow"),
        replace(forbid("deny", when="context.estimate.tokens > 1"), mode="shadow"),
        policy("broken", "permit (", mode="shadow"),
    )
    decision = decide(state=rules, facts=SHELL)
    assert (decision.verdict, decision.reasons) == (Verdict.ALLOW, ())
    assert [reason.code for reason in decision.shadow] == ["policy_error", "policy_rule"]


def test_a_permit_on_trial_permits_nothing() -> None:
    decision = decide(state=state(replace(WATCH, mode="shadow")), facts=SHELL)
    assert decision.reasons[0].code == "not_permitted"


def test_a_flag_allows_and_marks() -> None:
    decision = decide(state=state(WATCH, forbid("flag")), facts=SHELL)
    assert decision.verdict is Verdict.ALLOW
    assert [reason.rule for reason in decision.flags] == ["flag-rule"]


def test_a_hold_says_on_what_terms_and_its_grant_lifts_it_once_everything_else_allows() -> None:
    notes = '@approvers("finance") @quorum("2") @timeout("1h") @on_refusal("halt")'
    rules = state(WATCH, forbid("hold", notes=notes), forbid("hold", slug="second"))
    held = decide(state=rules, facts=SHELL)
    assert held.verdict is Verdict.HOLD
    assert held.holds[0] == HoldTerms(
        version=1,
        policy="hold-policy",
        rule="hold-rule",
        approvers="finance",
        quorum=2,
        timeout_seconds=3600,
        on_refusal=Effect.HALT,
    )
    first = Grant(approval="a1", version=1, policy="hold-policy", rule="hold-rule")
    second = replace(first, approval="a2", policy="second")
    still_held = decide(state=rules, facts=replace(SHELL, grants=(first,)))
    assert [terms.policy for terms in still_held.holds] == ["second"]
    assert still_held.grants_used == ()
    allowed = decide(state=rules, facts=replace(SHELL, grants=(second, first)))
    assert (allowed.verdict, allowed.grants_used) == (Verdict.ALLOW, (first, second))


@pytest.mark.parametrize("change", [{"version": 2}, {"rule": "other"}, {"policy": "other"}])
def test_a_grant_for_something_else_lifts_nothing(change: dict[str, Any]) -> None:
    grant = replace(Grant(approval="a1", version=1, policy="hold-policy", rule="hold-rule"), **change)
    decision = decide(state=state(WATCH, forbid("hold")), facts=replace(SHELL, grants=(grant,)))
    assert decision.verdict is Verdict.HOLD


def test_a_grant_lifts_neither_deny_nor_budget() -> None:
    grant = Grant(approval="a1", version=1, policy="hold-policy", rule="hold-rule")
    facts = replace(SHELL, grants=(grant,), budgets=(replace(SHORT, on_exceed=Effect.DENY),))
    decision = decide(state=state(WATCH, forbid("hold")), facts=facts)
    assert codes(decision) == ["budget:deny:budget_exceeded"]
    assert decision.grants_used == ()


def test_a_budget_hold_names_its_approvers() -> None:
    seen = replace(SHORT, on_exceed=Effect.HOLD, approvers="finance")
    decision = decide(state=state(WATCH), facts=replace(SHELL, budgets=(seen,)))
    assert decision.holds == (HoldTerms(version=2, budget="money", approvers="finance"),)


def test_a_shortage_shows_the_numbers_seen() -> None:
    decision = decide(state=state(WATCH), facts=replace(SHELL, budgets=(SHORT,)))
    shown = decision.reasons[0].document()
    assert {key: shown[key] for key in ("limit", "reserved", "spent", "asked")} == {
        "limit": 10,
        "reserved": 4,
        "spent": 3,
        "asked": 4,
    }
    assert decide(state=state(WATCH), facts=replace(SHELL, budgets=(replace(SHORT, extra=1),))).reasons == ()


@pytest.mark.parametrize(
    ("scope", "value", "hits"),
    [
        ("all", None, True),
        ("project", None, True),
        ("team", "ops", True),
        ("team", "dev", False),
        ("agent", "bob", True),
        ("agent", "carol", False),
        ("workflow", "audit", True),
        ("tool", "shell", True),
        ("model", "shell", False),
        ("end_user", "u1", False),
        ("execution", "x1", True),
        ("a scope of tomorrow", None, True),
    ],
)
def test_kill_orders_stop_their_scope(scope: str, value: str | None, hits: bool) -> None:
    rules = state(WATCH, kill_orders=(KillOrderInForce(id="k", scope=scope, value=value),))
    assert (decide(state=rules, facts=SHELL).verdict is Verdict.HALT) == hits


def test_groups_and_typed_arguments_reach_the_rules() -> None:
    rules = state(
        WATCH,
        policy(
            "typed",
            '@id("t") @message("m") forbid (principal in Team::"ops", action in Action::"tool.call", '
            'resource in ToolGroup::"dangerous") when { context has args && context.args.amount > 5 '
            '&& context.execution.labels.contains("team=red") };',
        ),
    )
    assert decide(state=rules, facts=replace(SHELL, typed_args={"amount": 6})).verdict is Verdict.HALT
    assert decide(state=rules, facts=replace(SHELL, typed_args={"amount": 5})).verdict is Verdict.ALLOW
    assert decide(state=rules, facts=SHELL).verdict is Verdict.ALLOW


names = st.text(max_size=8)


@given(names, names, st.lists(names, unique=True, max_size=3))
def test_names_from_strangers_never_break_a_decision(agent: str, tool: str, groups: list[str]) -> None:
    facts = replace(
        SHELL,
        principal=Principal(slug=agent, teams=tuple(groups)),
        resource=Resource(type="Tool", id=tool, groups=tuple(groups)),
    )
    assert decide(state=state(WATCH), facts=facts).verdict is Verdict.ALLOW


def test_an_agent_may_delegate_to_itself() -> None:
    facts = replace(SHELL, kind=Kind.AGENT_DELEGATE, resource=Resource(type="Agent", id="bob"))
    assert decide(state=state(WATCH), facts=facts).verdict is Verdict.ALLOW


def test_the_same_facts_and_rules_in_any_order_give_the_same_bytes() -> None:
    policies = [forbid("deny", slug=f"p{place}") for place in range(8)] + [WATCH]
    groups = [ApproverGroup(slug=name, members=("m1", "m2")) for name in ("a", "b")]
    seen = [replace(SHORT, budget=f"b{place}", on_exceed=Effect.DENY) for place in range(4)]
    made = set()
    for seed in range(10):
        order = random.Random(seed)  # noqa: S311 - a reproducible shuffle, not a secret
        for items in (policies, groups, seen):
            order.shuffle(items)
        rules = state(*policies, approver_groups=tuple(groups))
        facts = replace(SHELL, budgets=tuple(seen))
        made.add(
            (
                rules.manifest,
                canonical.encode(facts_v1.document(facts)),
                canonical.encode(decide(state=rules, facts=facts).document()),
            )
        )
    assert len(made) == 1


def test_facts_are_read_back_and_decide_the_same() -> None:
    facts = replace(
        SHELL,
        estimate=Estimate(usd_micros=5),
        typed_args={"amount": 7},
        budgets=(SHORT,),
        lifecycle=Lifecycle(cancel_requested=True, kill_orders=("k1",)),
        grants=(Grant(approval="a1", version=1, budget="money"),),
        repeats=3,
    )
    written = facts_v1.document(facts)
    assert "amount" not in str(written)
    assert facts_v1.read(written, {"amount": 7}) == facts
    with pytest.raises(ValueError, match="arguments"):
        facts_v1.read(written)


def test_a_state_is_read_back_from_its_manifest() -> None:
    rules = state(
        WATCH,
        budgets=(BudgetInForce(slug="b", version=1, digest="d", unit="usd", scope="project", period="day", limit=5),),
        kill_orders=(KillOrderInForce(id="k", scope="all"),),
        tool_schemas={"shell": "sha256:00"},
        approver_groups=(ApproverGroup(slug="finance", members=("m1",)),),
    )
    texts = {WATCH.digest: WATCH.text}
    read = manifest.read(rules.manifest, number=1, texts=texts)
    assert (read, read.digest) == (rules, rules.digest)
    assert replace(rules, number=2).digest == rules.digest
    with pytest.raises(ValueError, match="not the one published"):
        manifest.read(rules.manifest, number=1, texts={WATCH.digest: "other"})
    with pytest.raises(manifest.UnknownEngine):
        manifest.read(rules.manifest.replace(b"engine/1", b"engine/9"), number=1, texts=texts)
