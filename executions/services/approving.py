"""Asking a person: the approval that a held action waits for."""

from typing import Any

from executions.services.appending import Draft
from executions.services.judging import Judgement
from governance.domain.verdicts import Effect, HoldTerms
from waxell.lib.ids import uuid7


def ask(draft: Draft, judgement: Judgement, *, seq: int, call_digest: str) -> dict[str, Any]:
    """Add to a draft the approval for a held decision; returns it as it is answered.

    Several rules may hold one action. One approval speaks for all of them that ask the same people, on the strictest
    terms: the largest quorum, the shortest time, and a stop where any of them wants one. Where rules ask different
    groups, the first one is asked, and its grant lifts only its own rules: the next decision asks the next group.
    """
    asked = min((hold.approvers for hold in judgement.decision.holds if hold.approvers), default="")
    terms = [hold for hold in judgement.decision.holds if (hold.approvers or asked) == asked]
    settings = judgement.state.settings
    approval_id = str(uuid7())
    timeout = min(hold.timeout_seconds or settings.approval_timeout_seconds for hold in terms)
    draft.control["ask_approval"] = {
        "id": approval_id,
        "action_seq": seq,
        "agent": str(draft.snapshot.agent_id),
        "workflow": draft.snapshot.workflow_slug,
        "kind": judgement.facts.kind.value,
        "resource": judgement.facts.resource.id,
        "args_digest": call_digest,
        "holds": [_hold(hold) for hold in terms],
        "approvers": asked,
        "quorum": max(hold.quorum for hold in terms),
        "halt_on_refusal": any(hold.on_refusal is Effect.HALT for hold in terms),
        "timeout_seconds": timeout,
    }
    return {"id": approval_id, "state": "pending", "expires_in_seconds": timeout}


def _hold(terms: HoldTerms) -> dict[str, object]:
    named = {
        "policy": terms.policy,
        "version": terms.version,
        "rule": terms.rule,
        "budget": terms.budget,
    }
    return {name: value for name, value in named.items() if value is not None}
