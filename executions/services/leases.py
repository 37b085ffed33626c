"""Leases: the right to drive an execution, renewed by heartbeats, taken by workers."""

from uuid import UUID

from executions.domain.states import State
from executions.services import snapshots, stopping
from executions.services.answering import lease_body
from executions.services.appending import Answer, Draft, Stale, append, drive
from executions.services.callers import Caller
from executions.services.entrance import enter
from executions.services.stopping import look, stop_if_refused
from governance.domain.kinds import Kind
from waxell.ledger.domain.entries import name_digest
from waxell.lib.db.calls import call_one


def heartbeat(*, caller: Caller, execution_id: UUID, fence: int) -> Answer:
    """Judge whether the execution may go on, and renew its lease.

    Answers `{directive: continue|wait|halt, state, lease}`. Only a stop writes an entry.
    Raises Unauthenticated, NotFound, Fenced or ExecutionClosed.
    """

    def attempt() -> Answer:
        snapshot = snapshots.take(
            project_id=caller.project_id,
            key_id=caller.key_id,
            execution_id=execution_id,
            kind=Kind.EXECUTION_CONTINUE,
        )
        enter(caller, snapshot, execution_id, fence=fence, kind="heartbeat", retry=None)
        stopped = stop_if_refused(caller, snapshot, execution_id)
        if stopped is not None:
            body = {**stopped.body, "directive": "halt", "lease": None}
            return Answer(status=200, body=body)
        row = call_one(
            "SELECT execution_renew_v1(%s::uuid, %s::uuid, %s::bigint, %s::bytea) AS expires_at",
            (snapshot.project_id, execution_id, fence, snapshot.state_digest),
        )
        if row.expires_at is None:
            raise Stale
        waiting = snapshot.x_state == State.SUSPENDED
        return Answer(
            status=200,
            body={
                "directive": "wait" if waiting else "continue",
                "state": snapshot.x_state,
                "governance_state": name_digest(snapshot.state_digest),
                "lease": lease_body(fence, row.expires_at),
            },
        )

    answer = drive(attempt, lock=lambda: snapshots.row_of(execution_id))
    if answer.body["state"] == State.HALTED:
        stopping.stop_descendants(execution_id, caller)
    return answer


def claim_execution(*, execution_id: UUID, worker: str) -> Answer | None:
    """Take a pending execution for a worker; exactly one of several callers gets it.

    The lease is as long as the admission asked for, a minute unless it said otherwise.

    Answers `{state, lease, receipt}`, or `state: "halted"` where the rules no longer allow it.
    None where somebody else has it or it has ended.
    """
    row = snapshots.row_of(execution_id)
    if row is None:
        return None
    project_id = row[0]
    caller = Caller(project_id=project_id, worker=worker)

    def attempt() -> Answer | None:
        snapshot = look(execution_id, project_id)
        if snapshot.x_state != State.PENDING:
            return None
        stopped = stop_if_refused(caller, snapshot, execution_id)
        if stopped is not None:
            return stopped
        draft = Draft(execution_id=execution_id, snapshot=snapshot, caller=caller)
        draft.control |= {
            "to": State.RUNNING,
            "take": True,
            "lease_seconds": snapshot.lease_seconds,
            "renew_seconds": snapshot.lease_seconds,
        }
        receipt = draft.add("execution.claimed", {"fence": snapshot.fence + 1})
        body = {
            "state": State.RUNNING,
            "lease": {"fence": snapshot.fence + 1, "seconds": snapshot.lease_seconds},
            "receipt": receipt.document(),
        }
        return append(draft, Answer(status=200, body=body), fence=None, retry=None)

    return drive(attempt, lock=lambda: row)
