"""The gate: one road for every action, whoever asks.

snapshot -> facts -> decide -> append -> answer. Nothing is answered that is not committed.
What nothing stands against is tried on the short road first (`short_road`).
"""

from uuid import UUID

from executions.domain.states import State
from executions.domain.wanted import ActionWanted
from executions.services import snapshots, stopping
from executions.services.answering import decided_body
from executions.services.appending import Answer, Draft, append, drive
from executions.services.approving import ask
from executions.services.callers import Caller
from executions.services.closing import add_closing
from executions.services.deciding import add_decision, budget_moves, counts, renewal, repeats_of
from executions.services.entrance import enter
from executions.services.judging import judge
from executions.services.short_road import ShortRoad
from executions.services.snapshots import Snapshot
from governance.domain.requests import Retry
from governance.domain.verdicts import Verdict
from governance.services import catalogue
from waxell.lib.errors import Conflict


class ExecutionSuspended(Conflict):
    """The execution waits for a person: ask again when the approval is decided."""

    code = "execution_suspended"


class ExecutionPending(Conflict):
    """The execution waits for a worker: only the worker that takes it may act."""

    code = "execution_pending"


def request_action(*, caller: Caller, execution_id: UUID, wanted: ActionWanted, retry: Retry | None = None) -> Answer:
    """Decide one action before it happens, and record the decision.

    Raises Unauthenticated, InsufficientScope, NotFound, Fenced, ExecutionClosed,
    ExecutionSuspended, ExecutionPending, IdempotencyKeyReused or Unavailable; then nothing is
    allowed. Every verdict is an Answer.
    """
    short = ShortRoad.of(caller=caller, execution_id=execution_id, wanted=wanted, retry=retry)
    if (answer := short.take()) is not None:
        return answer

    def attempt() -> Answer:
        snapshot = snapshots.take(
            project_id=caller.project_id,
            key_id=caller.key_id,
            execution_id=execution_id,
            kind=wanted.kind,
            resource=wanted.resource,
            args_digest=bytes.fromhex(short.call_digest),
            path=retry.path if retry else None,
            retry_key=retry.key if retry else None,
        )
        stored = enter(caller, snapshot, execution_id, fence=wanted.fence, kind="action", retry=retry)
        if stored is not None:
            return stored
        if snapshot.x_state == State.SUSPENDED:
            raise ExecutionSuspended(execution=str(execution_id), state=snapshot.x_state)
        if snapshot.x_state == State.PENDING:
            raise ExecutionPending(execution=str(execution_id), state=snapshot.x_state)
        return _decide(
            caller,
            snapshot,
            execution_id,
            wanted=wanted,
            retry=retry,
            short=short,
        )

    answer = drive(attempt, lock=lambda: snapshots.row_of(execution_id))
    if answer.body["state"] == State.HALTED and not answer.replayed:
        stopping.stop_descendants(execution_id, caller)
    return answer


def _decide(
    caller: Caller,
    snapshot: Snapshot,
    execution_id: UUID,
    *,
    wanted: ActionWanted,
    retry: Retry | None,
    short: ShortRoad,
) -> Answer:
    repeats = repeats_of(snapshot, short.call_digest)
    judgement = judge(
        snapshot,
        execution_id=str(execution_id),
        kind=wanted.kind,
        resource=wanted.resource,
        args=wanted.args,
        estimate=wanted.estimate,
        repeats=repeats,
        definition=wanted.definition,
    )
    verdict = judgement.decision.verdict
    draft = Draft(execution_id=execution_id, snapshot=snapshot, caller=caller)
    draft.control |= {
        "last_call": short.call_digest,
        "repeats": repeats,
        "renew_seconds": renewal(snapshot, wanted),
        "count": counts(wanted.kind, verdict),
        **budget_moves(judgement),
    }
    receipt = add_decision(
        draft, judgement, vouched=caller.vouched, payloads={"args": short.args} if wanted.args else {}
    )
    approval = None
    state = State(snapshot.x_state)
    if verdict is Verdict.HOLD:
        approval = ask(draft, judgement, seq=receipt.seq, call_digest=short.call_digest)
        state = State.SUSPENDED
        draft.control["to"] = state
    elif verdict is Verdict.HALT:
        state = State.HALTED
        add_closing(draft, outcome=state, cause=judgement.decision.reasons[0])
    body = decided_body(judgement, snapshot, receipt, state)
    answer = Answer(status=200, body={**body, "approval": approval} if approval else body)
    answer = append(draft, answer, fence=wanted.fence, retry=retry)
    if not snapshot.resource_known and not answer.replayed:
        catalogue.discover(project_id=snapshot.project_id, kind=wanted.kind, slug=wanted.resource)
    if verdict is Verdict.ALLOW:
        short.remember(snapshot)
    return answer
