"""How executions, actions, approvals and kill orders look over REST."""

from typing import Any

import orjson

from executions.domain import record
from executions.domain.states import TERMINAL
from executions.models import Execution
from governance.models import Approval, ApprovalVote, KillOrder, Reservation
from waxell.ledger.domain.entries import name_digest
from waxell.ledger.models import Entry
from waxell.lib.money import format_usd
from waxell.lib.times import format_time, format_time_or_none


def execution(row: Execution) -> dict[str, Any]:
    """One execution; `record` once it has ended, `lease` while it runs."""
    ended = row.state in TERMINAL
    return {
        "id": str(row.id),
        "state": row.state,
        "workflow": row.workflow_slug,
        "agent": row.agent_slug,
        "environment": row.environment,
        "labels": row.labels,
        "end_user": str(row.end_user) if row.end_user else None,
        "parent": str(row.parent_id) if row.parent_id else None,
        "root": str(row.root_id),
        "depth": row.depth,
        "retry_of": str(row.retry_of) if row.retry_of else None,
        "attempt": row.attempt,
        "vouched": row.vouched,
        "cause": record.answered_reason(row.cause) if row.cause else None,
        "governance_state": name_digest(row.governance_digest),
        "governance_states": [
            {"digest": digest, "first": first}
            for digest, first in sorted(row.states_seen.items(), key=lambda item: item[1])
        ],
        "counts": {
            "actions": row.actions,
            "model_calls": row.model_calls,
            "tool_calls": row.tool_calls,
            "unresolved": row.unresolved,
            "refusals": row.refusals,
            "tokens": row.tokens,
            "usd": format_usd(row.spent_micros),
        },
        "lease": {"fence": row.fence, "expires_at": format_time(row.expires_at)}
        if row.expires_at and not ended
        else None,
        "record": {"entries": row.seq, "head": name_digest(row.head)} if ended else None,
        "deadline_at": format_time_or_none(row.deadline_at),
        "started_at": format_time(row.started_at),
        "ended_at": format_time_or_none(row.ended_at),
    }


def entry(row: Entry) -> dict[str, Any]:
    """One entry: its canonical text (what the digest is of) and the same parsed."""
    body = bytes(row.body)
    return {
        "stream": str(row.stream),
        "seq": row.seq,
        "type": row.type,
        "verdict": row.verdict,
        "at": format_time(row.decided_at),
        "digest": name_digest(row.digest),
        "canonical": body.decode(),
        "entry": orjson.loads(body),
    }


def approval(row: Approval) -> dict[str, Any]:
    """One approval, with the rules that hold the action and how many have said what."""
    said = [vote.decision for vote in row.votes.all()]
    return {
        "id": str(row.id),
        "state": row.state,
        "execution": str(row.execution_id),
        "seq": row.action_seq,
        "agent": row.agent.slug,
        "workflow": row.workflow_slug,
        "kind": row.kind,
        "resource": row.resource,
        "holds": row.holds,
        "approvers": row.approvers or None,
        "also_asked": [step.group for step in row.steps.all() if step.group],
        "quorum": row.quorum,
        "votes": {
            "needed": row.quorum,
            "granted": said.count(ApprovalVote.Decision.GRANT),
            "refused": said.count(ApprovalVote.Decision.REFUSE),
        },
        "requested_at": format_time(row.requested_at),
        "expires_at": format_time(row.expires_at),
        "decided_at": format_time_or_none(row.decided_at),
        "used_at": format_time_or_none(row.used_at),
        "used_by": str(row.used_by_execution) if row.used_by_execution else None,
    }


def kill_order(row: KillOrder) -> dict[str, Any]:
    """One kill order."""
    return {
        "id": str(row.id),
        "scope": {"type": row.scope_type, "value": row.scope_value or None},
        "reason": row.reason,
        "placed_at": format_time(row.placed_at),
        "lifted_at": format_time_or_none(row.lifted_at),
    }


def reservation(row: Reservation) -> dict[str, Any]:
    """What an action holds of one budget, as it was answered when it was granted, and what became of it."""
    window = row.window
    return {
        "budget": window.budget.slug,
        "version": row.budget_version,
        "member": window.member or None,
        "unit": row.unit,
        "amount": record.answered_amount(row.unit, row.amount),
        "window": {
            "start": window.start_at.isoformat(),
            "end": window.end_at.isoformat() if window.end_at else None,
        },
        "state": row.state,
    }


def action(
    decided: Entry, later: list[Entry], held: Approval | None, reserved: list[Reservation], state: str
) -> dict[str, Any]:
    """The current answer of one action; `later` are the entries that speak of it, `reserved` what it holds."""
    body = orjson.loads(bytes(decided.body))
    decision = body["decision"]
    sources = [seen.get("source") for seen in body["facts"].get("budgets", ())]
    answer: dict[str, Any] = {}
    for row in later:
        told = orjson.loads(bytes(row.body))
        if row.type == "action.resulted":
            answer["result"] = {
                "seq": row.seq,
                "status": told["status"],
                "at": told["at"],
                "verdict": told["decision"]["verdict"],
            }
        elif row.type == "approval.decided" and "decision" in told:
            decision = told["decision"]
    return {
        "seq": decided.seq,
        "kind": body["action"]["kind"],
        "resource": body["action"]["resource"],
        "verdict": decision["verdict"],
        "reasons": record.answered_reasons(decision["reasons"]),
        "state": state,
        "reservations": [reservation(row) for row in reserved],
        "estimate_source": next((source for source in sources if source != "count"), None),
        "governance_state": body["state"],
        "approval": approval(held) if held else None,
        "at": body["at"],
        "receipt": {
            "stream": str(decided.stream),
            "seq": decided.seq,
            "digest": name_digest(decided.digest),
        },
        **answer,
    }
