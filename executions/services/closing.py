"""The last entry of an execution: composed here for every way of ending."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from executions.domain import record
from executions.domain.states import State
from executions.services.appending import Draft
from governance.domain.verdicts import Reason
from governance.models import Reservation
from waxell.ledger.domain.entries import Receipt, name_digest
from waxell.lib.db.calls import call
from waxell.lib.times import format_time

# Counts that the entries before the closing one in the same draft have already moved.
Moved = Mapping[str, int]


def add_closing(
    draft: Draft,
    *,
    outcome: State,
    cause: Reason | None,
    payloads: Mapping[str, bytes] | None = None,
) -> Receipt:
    """Add the closing entry to a draft, and with it everything that ending brings."""
    snapshot = draft.snapshot
    moved: Moved = draft.control.get("count", {})
    seq = draft.next_seq
    seen = dict(snapshot.states_seen or {}) if snapshot.x_found else {}
    seen.setdefault(name_digest(snapshot.state_digest) or "", snapshot.seq + 1)
    settled = draft.control.get("settle_seq")
    draft.control |= {"to": outcome, "cause": cause.document() if cause else None}
    return draft.add(
        "execution.closed",
        record.closing(
            outcome=outcome,
            cause=cause,
            seq=seq,
            prev=draft.head,
            totals={
                name: (getattr(snapshot, name) if snapshot.x_found else 0) + moved.get(name, 0)
                for name in (
                    "actions",
                    "model_calls",
                    "tool_calls",
                    "unresolved",
                    "refusals",
                    "spent_micros",
                    "tokens",
                )
            },
            presumed=_presumed(draft.execution_id, settled) if snapshot.x_found else [],
            states_seen=seen,
            started_at=format_time(snapshot.started_at if snapshot.x_found else snapshot.now),
            fence=snapshot.fence if snapshot.x_found else 0,
        ),
        payloads,
    )


def _presumed(execution_id: UUID, settled_seq: int | None) -> list[dict[str, object]]:
    """What is still reserved and will be presumed spent: amounts by budget."""
    rows: list[Any] = call(
        "SELECT b.slug, r.unit, sum(r.amount)::bigint AS amount, count(*)::bigint AS actions"
        "  FROM governance_reservation r"
        "  JOIN governance_window w ON w.id = r.window_id"
        "  JOIN governance_budget b ON b.id = w.budget_id"
        " WHERE r.execution_id = %s AND r.state = %s AND r.unit <> 'executions'"
        "   AND r.action_seq IS DISTINCT FROM %s"
        " GROUP BY b.slug, r.unit ORDER BY b.slug, r.unit",
        (execution_id, str(Reservation.State.OPEN.value), settled_seq),
    )
    return [{"budget": row.slug, "unit": row.unit, "amount": row.amount, "actions": row.actions} for row in rows]
