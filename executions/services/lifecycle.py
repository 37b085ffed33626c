"""Endings that somebody asks for: an agent closes, a person cancels."""

from uuid import UUID

from executions.domain.states import TERMINAL, State
from executions.domain.wanted import CloseWanted
from executions.services import snapshots
from executions.services.appending import Answer, Draft, append, drive
from executions.services.callers import Caller, authenticate, require_own
from executions.services.closing import add_closing
from executions.services.entrance import closed, enter, stored_answer
from executions.services.stopping import end_execution
from governance.domain.requests import Retry
from waxell.lib import canonical


def close_execution(*, caller: Caller, execution_id: UUID, wanted: CloseWanted, retry: Retry | None = None) -> Answer:
    """Write the closing entry an agent asks for; what nobody reported on is presumed spent.

    Answers `{state, record, receipt}`. Raises Unauthenticated, NotFound, Fenced, ExecutionClosed.
    """
    payloads = {
        name: canonical.encode(value)
        for name, value in (("output", wanted.output), ("error", wanted.error))
        if value is not None
    }

    def attempt() -> Answer:
        snapshot = snapshots.take(
            project_id=caller.project_id,
            key_id=caller.key_id,
            execution_id=execution_id,
            path=retry.path if retry else None,
            retry_key=retry.key if retry else None,
        )
        stored = enter(caller, snapshot, execution_id, fence=wanted.fence, kind="close", retry=retry)
        if stored is not None:
            return stored
        draft = Draft(execution_id=execution_id, snapshot=snapshot, caller=caller)
        receipt = add_closing(draft, outcome=State(wanted.outcome), cause=None, payloads=payloads)
        body = {
            "state": wanted.outcome,
            "record": {"entries": receipt.seq, "head": receipt.digest},
            "receipt": receipt.document(),
        }
        return append(draft, Answer(status=200, body=body), fence=wanted.fence, retry=retry)

    return drive(attempt, lock=lambda: snapshots.row_of(execution_id))


def cancel_execution(*, caller: Caller, execution_id: UUID, reason: str, retry: Retry | None = None) -> Answer:
    """End an execution and its running descendants because somebody says so.

    Answers `{state, record, receipt}`. Raises Unauthenticated, NotFound, ExecutionClosed.
    """
    snapshot = snapshots.take(
        project_id=caller.project_id,
        key_id=caller.key_id,
        execution_id=execution_id,
        path=retry.path if retry else None,
        retry_key=retry.key if retry else None,
    )
    authenticate(caller, snapshot, _scope(snapshot.key_scopes))
    require_own(caller, snapshot)
    stored = stored_answer(snapshot, retry)
    if stored is not None:
        return stored
    if State(snapshot.x_state) in TERMINAL:
        raise closed(snapshot)
    answer = end_execution(
        execution_id,
        snapshot.project_id,
        outcome=State.CANCELLED,
        code="cancelled",
        message="A person cancelled this execution.",
        caller=caller,
        payloads={"reason": canonical.encode(reason)},
        retry=retry,
    )
    if answer is None:
        raise closed(snapshots.take(project_id=snapshot.project_id, key_id=None, execution_id=execution_id))
    return answer


def _scope(scopes: list[str] | None) -> str:
    """Cancelling is open to the agent itself and to keys that govern."""
    return "govern" if scopes and "execute" not in scopes else "execute"
