"""Stopping: ending executions from outside, one by one, each with its closing entry."""

from collections.abc import Iterable
from uuid import UUID

from executions.domain.states import TERMINAL, State
from executions.models import Execution
from executions.models.executions import LIVE
from executions.services import snapshots
from executions.services.answering import decision_body
from executions.services.appending import Answer, Draft, append, drive
from executions.services.callers import Caller, system
from executions.services.closing import add_closing
from executions.services.deciding import add_decision, budget_moves
from executions.services.judging import judge
from executions.services.snapshots import Snapshot
from governance.domain.kinds import Kind
from governance.domain.requests import Retry
from governance.domain.verdicts import Effect, Reason, Source, Verdict
from waxell.ledger.domain.entries import name_digest


def judge_continuing(execution_id: UUID, project_id: UUID) -> State:
    """Judge a live execution as `execution.continue`; whatever is not allowed ends it.

    Returns the state it is in afterwards. Nothing is written when it may go on. A hold makes no
    sense here, since there is no action to keep waiting: it stops the execution like a refusal.
    """
    caller = system(project_id)

    def attempt() -> State:
        snapshot = look(execution_id, project_id)
        if not snapshot.x_found or snapshot.x_state in TERMINAL:
            return State(snapshot.x_state) if snapshot.x_found else State.INTERRUPTED
        stopped = stop_if_refused(caller, snapshot, execution_id)
        return State(snapshot.x_state) if stopped is None else State.HALTED

    state = drive(attempt, lock=lambda: (project_id, execution_id))
    if state is State.HALTED:
        stop_descendants(execution_id, caller)
    return state


def stop_if_refused(caller: Caller, snapshot: Snapshot, execution_id: UUID) -> Answer | None:
    """Judge `execution.continue` on a snapshot; append the stop where it is not allowed."""
    judgement = judge(
        snapshot,
        execution_id=str(execution_id),
        kind=Kind.EXECUTION_CONTINUE,
        resource=snapshot.workflow_slug,
    )
    if judgement.decision.verdict is Verdict.ALLOW:
        return None
    draft = Draft(execution_id=execution_id, snapshot=snapshot, caller=caller)
    draft.control |= {"take": True, "count": {"refusals": 1}, **budget_moves(judgement)}
    receipt = add_decision(draft, judgement, vouched=snapshot.vouched, payloads={})
    add_closing(draft, outcome=State.HALTED, cause=judgement.decision.reasons[0])
    body = {**decision_body(judgement, snapshot, receipt), "state": State.HALTED}
    return append(draft, Answer(status=200, body=body), fence=None, retry=None)


def end_execution(
    execution_id: UUID,
    project_id: UUID,
    *,
    outcome: State,
    code: str,
    message: str,
    caller: Caller | None = None,
    only_if_lapsed: bool = False,
    payloads: dict[str, bytes] | None = None,
    retry: Retry | None = None,
) -> Answer | None:
    """End a live execution from outside and take its fence.

    `only_if_lapsed` leaves it alone unless its lease has run out by the database's clock.
    Returns `{state, record, receipt}`; None where it had ended or was left alone.
    """
    actor = caller or system(project_id)
    cause = Reason(source=Source.LIFECYCLE, effect=Effect.HALT, code=code, message=message)

    def attempt() -> Answer | None:
        snapshot = look(execution_id, project_id)
        if not snapshot.x_found or snapshot.x_state in TERMINAL:
            return None
        if only_if_lapsed and (snapshot.expires_at is None or snapshot.expires_at > snapshot.now):
            return None
        draft = Draft(execution_id=execution_id, snapshot=snapshot, caller=actor)
        draft.control["take"] = True
        receipt = add_closing(draft, outcome=outcome, cause=cause, payloads=payloads)
        body = {
            "state": outcome,
            "record": {"entries": receipt.seq, "head": receipt.digest},
            "receipt": receipt.document(),
        }
        return append(draft, Answer(status=200, body=body), fence=None, retry=retry)

    answer = drive(attempt, lock=lambda: (project_id, execution_id))
    if answer is not None and outcome in (State.HALTED, State.CANCELLED):
        stop_descendants(execution_id, actor, outcome)
    return answer


def stop_descendants(execution_id: UUID, caller: Caller, outcome: State = State.HALTED) -> list[UUID]:
    """End the live executions below one that was stopped; returns those that ended by this."""
    ended: list[UUID] = []
    children = Execution.objects.filter(parent_id=execution_id)
    for child, project_id, state in children.values_list("id", "project_id", "state"):
        if state not in LIVE:
            # It ended by itself; what it started may still be running.
            ended += stop_descendants(child, caller, outcome)
        elif end_execution(
            child,
            project_id,
            outcome=outcome,
            code="ancestor_ended",
            message="The execution that started this one was stopped.",
            caller=caller,
        ):
            ended.append(child)
    return ended


def stop_matching(candidates: Iterable[tuple[UUID, UUID]]) -> list[UUID]:
    """Judge each (execution, project) now; returns those that were stopped."""
    return [
        execution_id
        for execution_id, project_id in candidates
        if judge_continuing(execution_id, project_id) is State.HALTED
    ]


def look(execution_id: UUID, project_id: UUID) -> Snapshot:
    """A snapshot for judging whether an execution may go on."""
    return snapshots.take(
        project_id=project_id,
        key_id=None,
        execution_id=execution_id,
        kind=Kind.EXECUTION_CONTINUE,
    )


def record_of(snapshot: Snapshot) -> dict[str, object]:
    """Where the record of an execution ends."""
    return {"entries": snapshot.seq, "head": name_digest(snapshot.head)}
