"""The entrance to every call about one execution: who asks, was it asked before, may they drive it."""

from uuid import UUID

from executions.domain.states import TERMINAL, State
from executions.services.addenda import note_fenced, note_foreign
from executions.services.appending import (
    Answer,
    ExecutionClosed,
    Fenced,
    replayed,
)
from executions.services.callers import Caller, authenticate, require_own
from executions.services.snapshots import Snapshot
from governance.domain.requests import Retry
from governance.services.requests import IdempotencyKeyReused
from waxell.ledger.domain.entries import name_digest
from waxell.lib.errors import NotFound


def enter(
    caller: Caller,
    snapshot: Snapshot,
    execution_id: UUID,
    *,
    fence: int,
    kind: str,
    retry: Retry | None,
) -> Answer | None:
    """Authenticate, look for a stored answer, then prove the fence: in this order, everywhere.

    Returns the stored answer of a request that came before.
    """
    authenticate(caller, snapshot)
    try:
        require_own(caller, snapshot)
    except NotFound:
        note_foreign(caller, snapshot, execution_id, kind)
        raise
    stored = stored_answer(snapshot, retry)
    if stored is not None:
        return stored
    if State(snapshot.x_state) in TERMINAL:
        note_fenced(caller, snapshot, execution_id, fence, kind)
        raise closed(snapshot)
    if fence != snapshot.fence:
        note_fenced(caller, snapshot, execution_id, fence, kind)
        raise Fenced(state=snapshot.x_state)
    return None


def stored_answer(snapshot: Snapshot, retry: Retry | None) -> Answer | None:
    """The answer kept for this Idempotency-Key. Raises IdempotencyKeyReused for another body."""
    if retry is None or snapshot.answer_status is None or snapshot.answer_body is None:
        return None
    if name_digest(snapshot.answer_digest) != retry.body:
        raise IdempotencyKeyReused()
    return replayed(snapshot.answer_status, snapshot.answer_body, snapshot.x_state if snapshot.x_found else None)


def closed(snapshot: Snapshot) -> ExecutionClosed:
    """The error that tells where the record is."""
    return ExecutionClosed(
        state=snapshot.x_state,
        record={"entries": snapshot.seq, "head": name_digest(snapshot.head)},
    )
