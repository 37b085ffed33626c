"""Admission: whether an execution may begin, decided like any other action."""

from datetime import timedelta
from uuid import UUID

import orjson
from django.db.models import Count

from executions.domain.states import State
from executions.domain.wanted import DEFAULT_LEASE_SECONDS, WORKER_LEASE_SECONDS, StartWanted
from executions.models import Execution
from executions.services import snapshots
from executions.services.answering import decision_body, lease_body
from executions.services.appending import Answer, Draft, append, drive
from executions.services.approving import ask
from executions.services.callers import Caller, authenticate
from executions.services.closing import add_closing
from executions.services.deciding import add_decision, budget_moves
from executions.services.doorbell import ring_on_commit
from executions.services.entrance import stored_answer
from executions.services.judging import judge
from executions.services.snapshots import Snapshot
from governance.domain.facts import ExecutionSeen
from governance.domain.kinds import Kind
from governance.domain.requests import Retry
from governance.domain.verdicts import Verdict
from governance.models import EndUser, Project, Workflow
from governance.services import catalogue
from waxell.ledger.models import Entry
from waxell.lib import canonical
from waxell.lib.errors import Invalid, Unavailable
from waxell.lib.ids import uuid7


class AgentUnknown(Invalid):
    """No such agent: an agent's key acts as itself, a service says in `agent` which registered agent is to act."""

    code = "agent_unknown"


class ParentInvalid(Invalid):
    """A parent is an execution of the same agent, or comes with an allowed delegation to it."""

    code = "parent_invalid"


class QueueFull(Unavailable):
    """Too much work is waiting for workers; nothing was started."""

    code = "queue_full"


def start_execution(*, caller: Caller, wanted: StartWanted, retry: Retry | None = None) -> Answer:
    """Admit or refuse an execution; either leaves a record.

    Raises Unauthenticated, InsufficientScope, AgentUnknown, ParentInvalid, QueueFull,
    IdempotencyKeyReused or Unavailable; then nothing was written.
    """
    execution_id = uuid7()

    def attempt() -> Answer:
        snapshot = _look(caller, wanted, execution_id, retry)
        authenticate(caller, snapshot)
        stored = stored_answer(snapshot, retry)
        if stored is not None:
            return _with_current_state(stored)
        # For an agent's key there is no other agent: it starts executions as itself.
        if snapshot.agent_id is None or snapshot.key_agent not in (None, snapshot.agent_id):
            raise AgentUnknown()
        _check_parent(snapshot, wanted)
        if snapshot.workflow_id is None:
            catalogue.discover(project_id=snapshot.project_id, kind=Kind.EXECUTION_START, slug=wanted.workflow)
            snapshot = _look(caller, wanted, execution_id, retry)
        if snapshot.workflow_kind == Workflow.Kind.WORKER:
            _check_queue(snapshot.project_id)
        return _admit(caller, snapshot, execution_id, wanted, retry)

    answer = drive(attempt, lock=lambda: None)
    if answer.body["state"] == State.PENDING and not answer.replayed:
        ring_on_commit(UUID(answer.body["id"]))
    return answer


def _look(caller: Caller, wanted: StartWanted, execution_id: UUID, retry: Retry | None) -> Snapshot:
    return snapshots.take(
        project_id=caller.project_id,
        key_id=caller.key_id,
        execution_id=execution_id,
        agent=wanted.agent,
        workflow=wanted.workflow,
        parent=wanted.parent,
        kind=Kind.EXECUTION_START,
        resource=wanted.workflow,
        path=retry.path if retry else None,
        retry_key=retry.key if retry else None,
    )


def _admit(
    caller: Caller,
    snapshot: Snapshot,
    execution_id: UUID,
    wanted: StartWanted,
    retry: Retry | None,
) -> Answer:
    end_user = _pseudonym(snapshot.project_id, wanted.end_user)
    root = snapshot.parent_root or execution_id
    depth = snapshot.parent_depth + 1 if wanted.parent else 0
    judgement = judge(
        snapshot,
        execution_id=str(execution_id),
        kind=Kind.EXECUTION_START,
        resource=wanted.workflow,
        seen=ExecutionSeen(
            id=str(execution_id),
            workflow=wanted.workflow,
            environment=wanted.environment,
            labels=wanted.labels,
            end_user=str(end_user) if end_user else None,
            depth=depth,
            attempt=wanted.attempt,
        ),
    )
    verdict = judgement.decision.verdict
    by_worker = snapshot.workflow_kind == Workflow.Kind.WORKER
    state = _first_state(verdict, by_worker)
    lease_seconds = wanted.lease_seconds or (WORKER_LEASE_SECONDS if by_worker else DEFAULT_LEASE_SECONDS)
    leased = not by_worker and state is not State.DENIED
    draft = Draft(execution_id=execution_id, snapshot=snapshot, caller=caller)
    draft.control |= {"to": state, **budget_moves(judgement)}
    draft.control["create"] = {
        "agent": str(snapshot.agent_id),
        "workflow": str(snapshot.workflow_id),
        "agent_slug": snapshot.agent_slug,
        "workflow_slug": wanted.workflow,
        "vouched": "enforced" if by_worker else caller.vouched,
        "fence": 1 if leased else 0,
        "lease_seconds": lease_seconds,
        "deadline_seconds": wanted.deadline_seconds,
        "environment": wanted.environment,
        "labels": dict(wanted.labels),
        "end_user": str(end_user) if end_user else None,
        "parent": str(wanted.parent) if wanted.parent else None,
        "root": str(root),
        "depth": depth,
        "retry_of": str(wanted.retry_of) if wanted.retry_of else None,
        "attempt": wanted.attempt,
    }
    payloads = {"input": canonical.encode(wanted.input)} if wanted.input is not None else {}
    receipt = add_decision(
        draft,
        judgement,
        vouched=draft.control["create"]["vouched"],
        payloads=payloads,
        members={"execution": _header(snapshot, wanted, draft.control["create"])},
    )
    approval = None
    if verdict is Verdict.HOLD:
        approval = ask(draft, judgement, seq=receipt.seq, call_digest=_start_digest(wanted))
    elif state is State.DENIED:
        draft.control["count"] = {"refusals": 1}
        add_closing(draft, outcome=state, cause=judgement.decision.reasons[0])
    body = {
        "id": str(execution_id),
        "state": state,
        **decision_body(judgement, snapshot, receipt),
        "lease": lease_body(1, snapshot.now + timedelta(seconds=lease_seconds)) if leased else None,
        **({"approval": approval} if approval else {}),
    }
    return append(draft, Answer(status=201, body=body), fence=None, retry=retry)


def _first_state(verdict: Verdict, by_worker: bool) -> State:
    if verdict is Verdict.ALLOW:
        return State.PENDING if by_worker else State.RUNNING
    return State.SUSPENDED if verdict is Verdict.HOLD else State.DENIED


def _header(snapshot: Snapshot, wanted: StartWanted, create: dict[str, object]) -> dict[str, object]:
    """What the first entry says of the execution itself."""
    names = (
        "agent_slug",
        "workflow_slug",
        "environment",
        "labels",
        "end_user",
        "parent",
        "root",
        "depth",
        "retry_of",
        "attempt",
        "lease_seconds",
        "deadline_seconds",
    )
    header = {name: create[name] for name in names if create[name] is not None}
    return {**header, "delegation": wanted.delegation} if wanted.delegation else header


def _start_digest(wanted: StartWanted) -> str:
    """What a grant of a held admission is bound to besides agent and workflow."""
    return canonical.digest_of({"input": wanted.input}).removeprefix("sha256:")


def _pseudonym(project_id: UUID, name: str | None) -> UUID | None:
    if name is None:
        return None
    EndUser.objects.bulk_create([EndUser(project_id=project_id, name=name)], ignore_conflicts=True)
    return EndUser.objects.get(project_id=project_id, name=name).id


def _check_parent(snapshot: Snapshot, wanted: StartWanted) -> None:
    if wanted.parent is None:
        return
    if snapshot.parent_agent is None or snapshot.parent_project != snapshot.project_id:
        raise ParentInvalid()
    if snapshot.parent_agent == snapshot.agent_id and wanted.delegation is None:
        return
    asked = Entry.objects.filter(
        project_id=snapshot.project_id,
        stream=wanted.parent,
        seq=wanted.delegation or 0,
        type="action.decided",
        verdict=Verdict.ALLOW,
    ).first()
    if asked is None:
        raise ParentInvalid()
    action = orjson.loads(bytes(asked.body))["action"]
    if action != {"kind": Kind.AGENT_DELEGATE, "resource": snapshot.agent_slug}:
        raise ParentInvalid()


def _check_queue(project_id: UUID) -> None:
    limit = Project.objects.values_list("max_pending_executions", flat=True).get(pk=project_id)
    waiting = Execution.objects.filter(project_id=project_id, state=State.PENDING).aggregate(n=Count("id"))["n"]
    if waiting >= limit:
        raise QueueFull(retry_after=5)


def _with_current_state(stored: Answer) -> Answer:
    """A stored admission tells how the execution it started is now."""
    state = Execution.objects.filter(pk=stored.body["id"]).values_list("state", flat=True).first()
    return Answer(
        status=stored.status,
        body={**stored.body, "state": state or stored.body["state"]},
        replayed=True,
    )
