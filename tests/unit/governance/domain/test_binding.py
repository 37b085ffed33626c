"""One question to permits and forbids together never changes what the separate evaluations say.

The reference asks the engine about every rule on its own, and adds up what fired.
"""

from collections import Counter
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain import engine, policies
from governance.domain.evaluation import decide
from governance.domain.facts import Estimate, ExecutionSeen, Facts, Moment, Principal, Resource
from governance.domain.kinds import RESOURCE_TYPES, Kind
from governance.domain.manifest import GovernanceState, PolicyInForce, policy_digest
from governance.domain.verdicts import Decision, Effect, Reason, Verdict

KINDS = (Kind.TOOL_CALL, Kind.MODEL_CALL, Kind.MEMORY_WRITE)
CONDITIONS = (
    "true",
    "false",
    "context.repeats > 1",
    "context.hour < 12",
    'principal in Team::"ops"',
    "context.execution.actions >= 3",
    "context.discovered",
    # These cannot be evaluated where the facts have no estimate, no arguments, or an end user nobody named.
    "context.estimate.tokens > 5",
    "context.args.amount > 5",
    'context.execution.end_user == "u"',
    "context.repeats + 9223372036854775807 > 0",
)
HEADS = (
    "principal, action, resource",
    'principal, action in Action::"tool.call", resource',
    'principal == Agent::"bob", action, resource',
)

type Shown = tuple[str, str, str | None, str | None]


@st.composite
def policy_sets(draw: st.DrawFn) -> tuple[PolicyInForce, ...]:
    """Up to four policies of up to three rules, on trial or not, and now and then one that nobody can read."""
    made = []
    for number in range(draw(st.integers(0, 4))):
        rules = [_rule(draw, place) for place in range(draw(st.integers(1, 3)))]
        text = "permit (" if draw(st.integers(0, 19)) == 0 else "\n".join(rules)
        mode = draw(st.sampled_from(("enforced", "enforced", "shadow")))
        made.append(PolicyInForce(slug=f"p{number}", version=1, digest=policy_digest(text), mode=mode, text=text))
    return tuple(made)


def _rule(draw: st.DrawFn, place: int) -> str:
    head, condition = draw(st.sampled_from(HEADS)), draw(st.sampled_from(CONDITIONS))
    effect = draw(st.sampled_from((None, None, *Effect)))
    if effect is None:
        return f'@id("r{place}") permit ({head}) when {{ {condition} }};'
    return f'@id("r{place}") @message("m") @effect("{effect}") forbid ({head}) when {{ {condition} }};'


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    kind = draw(st.sampled_from(KINDS))
    count = st.integers(0, 5)
    return Facts(
        principal=Principal(slug=draw(st.sampled_from(("bob", "eve"))), teams=draw(st.sampled_from(((), ("ops",))))),
        kind=kind,
        resource=Resource(type=RESOURCE_TYPES[kind], id="shell", discovered=draw(st.booleans())),
        moment=Moment(now_ms=1_700_000_000_000, hour=draw(st.integers(0, 23)), minute=0, weekday=2, day="2026-03-03"),
        execution=ExecutionSeen(id="x", workflow="w", actions=draw(count), end_user=draw(st.sampled_from((None, "u")))),
        estimate=draw(st.sampled_from((None, Estimate(tokens=9), Estimate(usd_micros=9)))),
        typed_args=draw(st.sampled_from((None, {"amount": 7}, {}))) if kind is Kind.TOOL_CALL else None,
        args_problem=draw(st.sampled_from((None, None, None, "`a` is required."))),
        repeats=draw(count),
    )


@settings(max_examples=200, deadline=None)
@given(policy_sets(), facts())
def test_a_decision_is_what_its_rules_say_one_by_one(in_force: tuple[PolicyInForce, ...], known: Facts) -> None:
    decision = decide(state=GovernanceState(project="p", number=1, policies=in_force), facts=known)

    expected = judge_one_by_one(in_force, known)

    assert Counter(_shown(decision.reasons)) == Counter(expected.reasons)
    assert Counter(_shown(decision.flags)) == Counter(expected.flags)
    assert Counter(_shown(decision.shadow)) == Counter(expected.shadow)
    effects = {effect for effect, *_ in expected.reasons}
    strictest = next((verdict for verdict in ("halt", "deny", "hold") if verdict in effects), "allow")
    assert decision.verdict == strictest


def test_the_samples_reach_both_ways_through() -> None:
    """Without this the property could hold of refusals only."""
    permit = '@id("a") permit (principal, action, resource);'
    flag = '@id("f") @message("m") @effect("flag") forbid (principal, action, resource);'
    erring = '@id("e") permit (principal, action, resource) when { context.estimate.tokens > 5 };'

    assert _decided(permit).verdict is Verdict.ALLOW
    assert _decided(f"{permit}\n{flag}").flags
    assert [reason.code for reason in _decided(f"{permit}\n{erring}").reasons] == ["policy_error"]


@dataclass(slots=True, kw_only=True)
class Expected:
    reasons: list[Shown]
    flags: list[Shown]
    shadow: list[Shown]


def judge_one_by_one(in_force: tuple[PolicyInForce, ...], known: Facts) -> Expected:
    """Judge policies by asking about each rule alone; only what policies and arguments cause."""
    question = engine.ask(known)
    expected = Expected(reasons=[], flags=[], shadow=[])
    permitted = False
    if known.args_problem is not None:
        expected.reasons.append(("deny", "args_invalid", None, None))
    for policy in in_force:
        read = policies.parse(policy.text)
        enforced = policy.mode == "enforced"
        if not read.valid:
            expected.reasons += [("halt", "policy_error", policy.slug, None)] if enforced else []
            continue
        for rule in read.rules:
            outcome = engine.evaluate(engine.parse_rules([rule.text]), question)
            binds = expected.reasons if enforced else expected.shadow
            if not enforced and rule.effect is None:
                continue
            if outcome.failed:
                binds.append(("halt", "policy_error", policy.slug, rule.id))
            elif outcome.fired and rule.effect is None:
                permitted = True
            elif outcome.fired and rule.effect is not None:
                where = expected.flags if enforced and rule.effect is Effect.FLAG else binds
                where.append((rule.effect.value, "policy_rule", policy.slug, rule.id))
    if not permitted:
        expected.reasons.append(("deny", "not_permitted", None, None))
    return expected


def _shown(reasons: tuple[Reason, ...]) -> list[Shown]:
    return [(reason.effect.value, reason.code, reason.policy, reason.rule) for reason in reasons]


def _plain() -> Facts:
    return Facts(
        principal=Principal(slug="bob"),
        kind=Kind.TOOL_CALL,
        resource=Resource(type="Tool", id="shell"),
        moment=Moment(now_ms=1_700_000_000_000, hour=9, minute=0, weekday=2, day="2026-03-03"),
        execution=ExecutionSeen(id="x", workflow="w"),
    )


def _decided(text: str) -> Decision:
    policy = PolicyInForce(slug="p", version=1, digest=policy_digest(text), mode="enforced", text=text)
    return decide(state=GovernanceState(project="p", number=1, policies=(policy,)), facts=_plain())
