"""Deciding approvals: a person's vote, or time, ends the waiting of a held action."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from executions.domain.states import State
from executions.services import snapshots, stopping
from executions.services.appending import Answer, Draft, append, drive
from executions.services.approving import ask
from executions.services.callers import Caller, system
from executions.services.closing import add_closing
from executions.services.deciding import add_decision, budget_moves
from executions.services.judging import judge
from executions.services.snapshots import Snapshot
from governance.domain.kinds import Kind
from governance.domain.verdicts import Effect, Grant, Reason, Source, Verdict
from governance.models import Approval, ApprovalStep, ApprovalVote, ApproverGroup, Workflow
from waxell.lib import canonical
from waxell.lib.db.calls import call
from waxell.lib.errors import Conflict, Forbidden

# Bound to the text of input, not to a call: a grant of an admission is used where it is given.
START = Kind.EXECUTION_START


class ApprovalDecided(Conflict):
    """This approval is decided already, or nobody waits for it any more."""

    code = "approval_decided"


class AlreadyVoted(Conflict):
    """You have said already what you think of this approval."""

    code = "already_voted"


class SelfApproval(Forbidden):
    """You answer for the agent that asks: somebody else must decide this."""

    code = "self_approval"


class NotAnApprover(Forbidden):
    """The rule that holds this action asks a group of people that you are not in."""

    code = "not_an_approver"


def decide_approval(
    *, approval_id: UUID, caller: Caller, person_id: UUID, decision: str, comment: str = ""
) -> Approval:
    """Record one person's vote and, where it settles the matter, let the execution go on.

    `decision` is `grant` or `refuse`; one refusal is enough, a grant needs the rule's quorum.
    Raises ApprovalDecided, AlreadyVoted, SelfApproval, NotAnApprover or Unavailable.
    """
    approval = Approval.objects.get(pk=approval_id)
    _check_group(approval, person_id)

    def attempt() -> None:
        with transaction.atomic():
            snapshot = locked(approval)
            waiting = Approval.objects.get(pk=approval_id)
            if waiting.state != Approval.State.PENDING or waiting.expires_at <= snapshot.now:
                raise ApprovalDecided(state=waiting.state)
            _vote(waiting, person_id, decision, comment)
            granted = waiting.votes.filter(decision=ApprovalVote.Decision.GRANT).count()
            if decision == ApprovalVote.Decision.REFUSE:
                outcome = Approval.State.REFUSED
            elif granted >= waiting.quorum:
                outcome = Approval.State.GRANTED
            else:
                outcome = Approval.State.PENDING
            _append(waiting, snapshot, caller, outcome, comment)

    drive(attempt, lock=lambda: None)
    _stop_below(approval, caller)
    return Approval.objects.get(pk=approval_id)


def expire_approval(approval_id: UUID) -> bool:
    """End an approval whose time is over; its action counts as refused. False: nothing to do."""
    approval = Approval.objects.get(pk=approval_id)
    caller = system(approval.project_id)

    def attempt() -> bool:
        with transaction.atomic():
            snapshot = locked(approval)
            waiting = Approval.objects.get(pk=approval_id)
            if waiting.state != Approval.State.PENDING or waiting.expires_at > snapshot.now:
                return False
            _append(waiting, snapshot, caller, Approval.State.EXPIRED, "")
            return True

    expired = drive(attempt, lock=lambda: None)
    _stop_below(approval, caller)
    return expired


def locked(approval: Approval) -> Snapshot:
    """Lock the execution that waits and return how it stands; inside a transaction."""
    call(
        "SELECT execution_lock_v1(%s::uuid, %s::uuid)",
        (approval.project_id, approval.execution_id),
    )
    return snapshots.take(project_id=approval.project_id, key_id=None, execution_id=approval.execution_id)


def _vote(approval: Approval, person_id: UUID, decision: str, comment: str) -> None:
    try:
        with transaction.atomic():
            ApprovalVote.objects.create(approval=approval, person_id=person_id, decision=decision)
    except IntegrityError as error:
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
        if constraint == "approvalvote_not_own":
            raise SelfApproval() from error
        if constraint == "approvalvote_once":
            raise AlreadyVoted() from error
        if constraint == "approvalvote_waited_for":
            raise ApprovalDecided(state=approval.state) from error
        if constraint == "approvalvote_asked":
            raise NotAnApprover() from error
        raise


def _append(approval: Approval, snapshot: Snapshot, caller: Caller, outcome: str, comment: str) -> None:
    draft = Draft(execution_id=approval.execution_id, snapshot=snapshot, caller=caller)
    members: dict[str, Any] = {
        "about": approval.action_seq,
        "approval": str(approval.id),
        "outcome": outcome,
        "votes": [
            {"person": str(person), "decision": vote}
            for person, vote in approval.votes.order_by("id").values_list("person_id", "decision")
        ],
    }
    payloads = {"comment": canonical.encode(comment)} if comment else {}
    if outcome == Approval.State.PENDING:
        draft.add("approval.voted", members, payloads)
    elif outcome == Approval.State.GRANTED:
        draft.control["end_approval"] = {"id": str(approval.id), "state": outcome}
        draft.add("approval.decided", members, payloads)
        _go_on(draft, approval)
    else:
        draft.control["end_approval"] = {"id": str(approval.id), "state": outcome}
        _refuse(draft, approval, outcome, members, payloads)
    append(draft, Answer(status=200, body={}), fence=None, retry=None)


def _go_on(draft: Draft, approval: Approval) -> None:
    """After a grant the execution runs again; an admission is first judged once more."""
    snapshot = draft.snapshot
    if approval.kind != START:
        draft.control |= _running_again(snapshot)
        return
    by_worker = snapshot.workflow_kind == Workflow.Kind.WORKER
    judgement = judge(
        snapshot,
        execution_id=str(approval.execution_id),
        kind=START,
        resource=snapshot.workflow_slug,
        grants=_grants_for_start(approval),
    )
    draft.control |= budget_moves(judgement)
    receipt = add_decision(draft, judgement, vouched=snapshot.vouched, payloads={})
    if judgement.decision.verdict is Verdict.ALLOW:
        draft.control["to"] = State.PENDING if by_worker else State.RUNNING
        if not by_worker:
            draft.control["renew_seconds"] = snapshot.lease_seconds
    elif judgement.decision.verdict is Verdict.HOLD:
        ask(draft, judgement, seq=receipt.seq, call_digest=bytes(approval.args_digest).hex())
    else:
        add_closing(draft, outcome=State.DENIED, cause=judgement.decision.reasons[0])


def _grants_for_start(approval: Approval) -> tuple[Grant, ...]:
    """This grant, and those that other groups gave to the same start before."""
    earlier = Approval.objects.filter(execution_id=approval.execution_id, kind=START, state=Approval.State.GRANTED)
    given = [approval, *earlier.exclude(pk=approval.pk).order_by("id")]
    return tuple(Grant(approval=str(row.id), **hold) for row in given for hold in row.holds)


def _refuse(
    draft: Draft,
    approval: Approval,
    outcome: str,
    members: dict[str, Any],
    payloads: dict[str, bytes],
) -> None:
    """A refusal or an expiry is a `deny` of that action, or a stop where the rule says so."""
    hold = approval.holds[0]
    effect = Effect.HALT if approval.halt_on_refusal else Effect.DENY
    expired = outcome == Approval.State.EXPIRED
    reason = Reason(
        source=Source.POLICY if "policy" in hold else Source.BUDGET,
        effect=effect,
        code="approval_expired" if expired else "approval_refused",
        message="Nobody decided in time." if expired else "A person refused this.",
        **hold,
    )
    members["decision"] = {"verdict": str(effect), "reasons": [reason.document()]}
    draft.control["count"] = {"refusals": 1}
    draft.add("approval.decided", members, payloads)
    if approval.kind == START:
        add_closing(draft, outcome=State.DENIED, cause=reason)
    elif approval.halt_on_refusal:
        add_closing(draft, outcome=State.HALTED, cause=reason)
    else:
        draft.control |= _running_again(draft.snapshot)


def _running_again(snapshot: Snapshot) -> dict[str, Any]:
    """An agent may have slept, so its lease begins anew. A worker renews its own while it waits: one
    that has left is seen at once, and a declared retry uses the grant."""
    if snapshot.workflow_kind == Workflow.Kind.WORKER:
        return {"to": State.RUNNING}
    return {"to": State.RUNNING, "renew_seconds": snapshot.lease_seconds}


def _check_group(approval: Approval, person_id: UUID) -> None:
    if not approval.approvers:
        return
    later = approval.steps.filter(kind=ApprovalStep.Kind.ESCALATED).values_list("group", flat=True)
    asked = ApproverGroup.objects.filter(project_id=approval.project_id, slug__in=[approval.approvers, *later])
    if not asked.filter(people=person_id).exists():
        raise NotAnApprover()


def _stop_below(approval: Approval, caller: Caller) -> None:
    after = snapshots.take(project_id=approval.project_id, key_id=None, execution_id=approval.execution_id)
    if after.x_state == State.HALTED:
        stopping.stop_descendants(approval.execution_id, caller)
