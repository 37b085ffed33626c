"""What a decision moves: counters, windows, and the entry that says why."""

from typing import Any

from executions.domain.wanted import ActionWanted
from executions.services.appending import Draft
from executions.services.judging import Demand, Judgement, facts_document
from executions.services.snapshots import Snapshot
from governance.domain.kinds import Kind
from governance.domain.verdicts import Verdict
from waxell.ledger.domain.entries import Receipt


def counts(kind: Kind, verdict: Verdict) -> dict[str, int]:
    """How the execution's own counters move with a decision."""
    if verdict is Verdict.ALLOW:
        moved = {"actions": 1, "unresolved": 1}
        if kind is Kind.MODEL_CALL:
            moved["model_calls"] = 1
        elif kind is Kind.TOOL_CALL:
            moved["tool_calls"] = 1
        return moved
    return {"refusals": 1} if verdict in (Verdict.DENY, Verdict.HALT) else {}


def budget_moves(judgement: Judgement) -> dict[str, Any]:
    """What the append does to windows: a grant takes every amount, a refusal proves each shortage."""
    if judgement.decision.verdict is Verdict.ALLOW:
        grants = sorted({grant.approval for grant in judgement.decision.grants_used})
        excess = {grant.budget for grant in judgement.decision.grants_used if grant.budget}
        return {
            "reserve": [_amount(demand, demand.seen.budget in excess) for demand in judgement.asked],
            "use_approvals": grants,
        }
    return {"short": [_amount(demand, granted=False) for demand in judgement.short]}


def _amount(demand: Demand, granted: bool) -> dict[str, object]:
    """What to take from a window; a granted excess first raises it by what is missing."""
    seen = demand.seen
    taken: dict[str, object] = {"budget": demand.budget_id, "amount": seen.asked}
    if granted:
        used = seen.reserved + seen.spent - seen.overrun + seen.asked
        taken["extra"] = max(0, used - seen.limit - seen.extra)
    return taken


def add_decision(
    draft: Draft,
    judgement: Judgement,
    *,
    vouched: str,
    payloads: dict[str, bytes],
    members: dict[str, object] | None = None,
) -> Receipt:
    """Add the entry of a decision: facts, verdict, reasons and what it reserves."""
    allowed = judgement.decision.verdict is Verdict.ALLOW
    if allowed:
        draft.control["reserve_seq"] = draft.next_seq
    draft.decided.append(judgement.decision)
    return draft.add(
        "action.decided",
        {
            "action": {
                "kind": judgement.facts.kind.value,
                "resource": judgement.facts.resource.id,
            },
            "facts": facts_document(judgement),
            "decision": judgement.decision.document(),
            "engine": judgement.state.engine,
            "reserved": [
                {
                    "budget": demand.seen.budget,
                    "version": demand.seen.version,
                    "member": demand.seen.member,
                    "start": demand.start,
                    "unit": demand.seen.unit,
                    "amount": demand.seen.asked,
                }
                for demand in judgement.asked
            ]
            if allowed
            else [],
            "vouched": vouched,
            **({"trace": draft.caller.trace.document()} if draft.caller.trace else {}),
            **(members or {}),
        },
        payloads,
    )


def renewal(snapshot: Snapshot, wanted: ActionWanted) -> int:
    """For how long an action renews the lease: twice its estimated time where that is longer."""
    estimated = wanted.estimate.seconds if wanted.estimate and wanted.estimate.seconds else 0
    return max(snapshot.lease_seconds, min(2 * estimated, 24 * 3600))


def repeats_of(snapshot: Snapshot, call_digest: str) -> int:
    """How often the same call came just before this one."""
    return snapshot.repeats + 1 if snapshot.last_call == bytes.fromhex(call_digest) else 0
