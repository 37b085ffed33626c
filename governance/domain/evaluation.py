"""The decision: facts and governance state in, verdict and reasons out.

Same facts and state, same verdict, same reasons in the same order, on any machine.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from governance.domain import causes, engine
from governance.domain.compilation import CompiledPolicies, CompiledStates, PlacedRule, PlacedRules
from governance.domain.facts import Facts
from governance.domain.manifest import GovernanceState, PolicyInForce
from governance.domain.verdicts import (
    Decision,
    Effect,
    Grant,
    HoldTerms,
    Reason,
    Source,
    Verdict,
    sort_reasons,
    verdict_of,
)

_compiled: Final = CompiledStates()


def decide(*, state: GovernanceState, facts: Facts) -> Decision:
    """Judge one requested action. All causes are listed, the strictest binds."""
    judged = _judge_policies(_compiled(state), facts)
    found = [
        *causes.kill_reasons(state.kill_orders, facts),
        *causes.lifecycle_reasons(facts),
        *judged.reasons,
        *causes.budget_reasons(facts.budgets),
    ]
    grants_used: list[Grant] = []
    binding: list[Reason] = []
    for reason in found:
        grant = _grant_for(reason, facts.grants)
        if grant is None:
            binding.append(reason)
        elif grant not in grants_used:
            grants_used.append(grant)
    reasons = sort_reasons(binding)
    verdict = verdict_of(reasons)
    return Decision(
        verdict=verdict,
        reasons=reasons,
        flags=sort_reasons(judged.flags),
        shadow=sort_reasons(judged.shadow),
        holds=tuple(_terms(reason, judged, facts) for reason in reasons) if verdict is Verdict.HOLD else (),
        # A grant works once: it is used up only by an action that it lets through.
        grants_used=tuple(sorted(grants_used, key=lambda grant: grant.approval)) if verdict is Verdict.ALLOW else (),
        diagnostics=judged.diagnostics,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judgement:
    reasons: tuple[Reason, ...]
    flags: tuple[Reason, ...] = ()
    shadow: tuple[Reason, ...] = ()
    rules: tuple[PlacedRule, ...] = ()
    diagnostics: tuple[str, ...] = ()


def _judge_policies(compiled: CompiledPolicies, facts: Facts) -> _Judgement:
    reasons = [_unreadable(policy) for policy in compiled.unreadable]
    if facts.args_problem is not None:
        reasons.append(
            Reason(
                source=Source.ENGINE,
                effect=Effect.DENY,
                code="args_invalid",
                message=f"The arguments do not fit the tool's schema: {facts.args_problem}",
            )
        )
    try:
        question = engine.ask(facts)
    except ValueError as error:
        return _Judgement(reasons=(*reasons, _policy_error()), diagnostics=(str(error),))
    shadow = engine.evaluate(compiled.shadow.parsed, question)
    marked = (
        *(compiled.shadow.rules[place].reason for place in shadow.fired),
        *_errors(compiled.shadow, shadow),
    )
    binding = engine.evaluate(compiled.binding, question)
    if binding.allowed:
        # A permit fired, no forbid did, nothing failed: there is nothing to tell them apart for.
        return _Judgement(reasons=tuple(reasons), shadow=marked, diagnostics=shadow.diagnostics)
    permits, forbids = _apart(compiled, binding, question)
    reasons.extend(_errors(compiled.permits, permits))
    reasons.extend(_errors(compiled.forbids, forbids))
    if not permits.fired:
        reasons.append(_not_permitted(facts))
    fired = tuple(compiled.forbids.rules[place] for place in forbids.fired)
    matched = [placed.reason for placed in fired]
    return _Judgement(
        reasons=(*reasons, *(reason for reason in matched if reason.effect is not Effect.FLAG)),
        flags=tuple(reason for reason in matched if reason.effect is Effect.FLAG),
        shadow=marked,
        rules=fired,
        diagnostics=permits.diagnostics + forbids.diagnostics + shadow.diagnostics,
    )


def _apart(
    compiled: CompiledPolicies, binding: engine.Outcome, question: engine.Question
) -> tuple[engine.Outcome, engine.Outcome]:
    """Return what permits and forbids say alone, from what both together said; permits come first in it.

    The engine names the forbids that fired, or, if none did, the permits; it names every rule that
    failed. So only whether something permits what is forbidden is left to ask.
    """
    if binding.broken:
        return engine.evaluate(compiled.permits.parsed, question), engine.evaluate(compiled.forbids.parsed, question)
    many = compiled.permits.parsed.size
    forbids = binding.part(many, many + compiled.forbids.parsed.size)
    if forbids.fired:
        return engine.evaluate(compiled.permits.parsed, question), forbids
    return binding.part(0, many), forbids


def _errors(placed: PlacedRules, outcome: engine.Outcome) -> Iterator[Reason]:
    for place in outcome.failed:
        yield _policy_error(placed.rules[place])
    if outcome.broken:
        yield _policy_error()


def _policy_error(placed: PlacedRule | None = None) -> Reason:
    return Reason(
        source=Source.ENGINE,
        effect=Effect.HALT,
        code="policy_error",
        message="A rule could not be evaluated on these facts.",
        policy=placed.policy if placed else None,
        version=placed.version if placed else None,
        rule=placed.rule.id if placed else None,
    )


def _unreadable(policy: PolicyInForce) -> Reason:
    return Reason(
        source=Source.ENGINE,
        effect=Effect.HALT,
        code="policy_error",
        message="A policy in force cannot be read.",
        policy=policy.slug,
        version=policy.version,
    )


def _not_permitted(facts: Facts) -> Reason:
    return Reason(
        source=Source.POLICY,
        effect=Effect.DENY,
        code="not_permitted",
        message=f"No rule permits {facts.kind.value} on {facts.resource.type} {facts.resource.id}.",
    )


def _grant_for(reason: Reason, grants: Iterable[Grant]) -> Grant | None:
    if reason.effect is not Effect.HOLD:
        return None
    wanted = (reason.policy, reason.rule, reason.budget, reason.version)
    for grant in sorted(grants, key=lambda grant: grant.approval):
        if wanted == (grant.policy, grant.rule, grant.budget, grant.version):
            return grant
    return None


def _terms(reason: Reason, judged: _Judgement, facts: Facts) -> HoldTerms:
    if reason.budget is not None:
        seen = next(seen for seen in facts.budgets if seen.budget == reason.budget)
        return HoldTerms(version=seen.version, budget=seen.budget, approvers=seen.approvers)
    placed = next(placed for placed in judged.rules if (placed.policy, placed.rule.id) == (reason.policy, reason.rule))
    return HoldTerms(
        version=placed.version,
        policy=placed.policy,
        rule=placed.rule.id,
        approvers=placed.rule.approvers,
        quorum=placed.rule.quorum,
        timeout_seconds=placed.rule.timeout_seconds,
        on_refusal=placed.rule.on_refusal,
    )
