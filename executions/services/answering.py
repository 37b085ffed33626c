"""How decisions, reservations and leases are answered (design section 10 fixes the names)."""

from datetime import datetime
from typing import Any

from executions.domain import record
from executions.domain.states import State
from executions.services.judging import Judgement
from executions.services.snapshots import Snapshot
from governance.domain.verdicts import Verdict
from governance.models import Reservation
from waxell.ledger.domain.entries import Receipt, name_digest
from waxell.lib.times import format_time


def decision_body(judgement: Judgement, snapshot: Snapshot, receipt: Receipt) -> dict[str, Any]:
    """Verdict, reasons, state of the rules and receipt, as every decision is answered."""
    decision = judgement.decision.document()
    body: dict[str, Any] = {
        "verdict": decision["verdict"],
        "reasons": record.answered_reasons(reason.document() for reason in judgement.decision.reasons),
        "governance_state": name_digest(snapshot.state_digest),
        "receipt": receipt.document(),
    }
    if "flags" in decision:
        body["flags"] = decision["flags"]
    return body


def decided_body(judgement: Judgement, snapshot: Snapshot, receipt: Receipt, state: State) -> dict[str, Any]:
    """One decided action, as it is answered: the decision, where it leaves the execution, and what it holds."""
    return {
        "seq": receipt.seq,
        **decision_body(judgement, snapshot, receipt),
        "state": state,
        "reservations": reservations_body(judgement),
        "estimate_source": judgement.estimate_source,
    }


def reservations_body(judgement: Judgement) -> list[dict[str, Any]]:
    """What an allowed action holds in which budget."""
    if judgement.decision.verdict is not Verdict.ALLOW:
        return []
    return [
        {
            "budget": demand.seen.budget,
            "version": demand.seen.version,
            "member": demand.seen.member or None,
            "unit": demand.seen.unit,
            "amount": record.answered_amount(demand.seen.unit, demand.seen.asked),
            "window": {"start": demand.start, "end": demand.end},
            "state": str(Reservation.State.OPEN.value),
        }
        for demand in judgement.asked
    ]


def lease_body(fence: int, expires_at: datetime) -> dict[str, Any]:
    """The lease as it is answered."""
    return {"fence": fence, "expires_at": format_time(expires_at)}
