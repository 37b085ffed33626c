"""Asking a person for what was refused to a program that could not wait; and handing over what they granted.

A client that ends its run where it has to wait is helped by another execution, which waits in its place. Once
a person has agreed, the next run of the same work takes that execution over and goes on in it: one record has
the question, the answer and what was done.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from django.db.models.functions import Now

from executions.domain.states import State
from executions.domain.wanted import ActionWanted, StartWanted
from executions.models import Execution
from executions.queries import inputs
from executions.services import admission, gate, snapshots, telling
from executions.services.appending import Answer, Draft, append, drive
from executions.services.callers import Caller, authenticate, require_own
from executions.services.rehearsing import rehearse_action
from governance.domain.kinds import Kind
from governance.domain.requests import Retry
from governance.domain.verdicts import Verdict
from governance.models import ApiKey, Approval, EndUser
from waxell.lib import canonical
from waxell.lib.errors import NotFound

MARK: Final = {"begun_by": "approval"}
"""The label of an execution that waits for a program."""

UNTAKEN: Final = 1
"""The fence of an execution until somebody takes it."""

REMEMBERED: Final = timedelta(minutes=1)
"""So long a refused execution stands for the run that its program reports as blocked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is waited for. `approval` None: nobody is asked, and `state` says how it stands.

    `begun` says whether the execution was begun for this question, so that who asks has to end it.
    """

    execution: UUID
    state: str
    approval: UUID | None
    begun: bool


def ask_for_start(*, caller: Caller, wanted: StartWanted, retry: Retry | None) -> Asked:
    """Ask for an execution that would be held. Raises what an admission does."""
    wanted = replace(wanted, labels={**wanted.labels, **MARK})
    answer = admission.start_execution(caller=caller, wanted=wanted, retry=retry)
    return _asked(answer, UUID(answer.body["id"]))


def ask_for_action(*, caller: Caller, key: ApiKey, approval_id: UUID) -> Asked:
    """Ask again for an action whose execution ended while a person was asked.

    While that execution lives, or was decided about, its own approval is the answer.
    Raises NotFound, Unauthenticated and what the gate does.
    """
    row = Approval.objects.filter(pk=approval_id, project_id=key.project_id).first()
    if row is None:
        raise NotFound()
    ended = telling.own_execution(caller, row.execution_id, "approval")
    if row.state != Approval.State.LAPSED:
        return Asked(execution=ended.pk, state=ended.state, approval=row.pk, begun=False)
    answer = admission.start_execution(
        caller=caller,
        wanted=_successor(ended, key),
        # Whoever asks twice for one approval waits for one successor.
        retry=Retry(
            caller=caller.stored_as, path=f"approval:{row.pk}", key="again", body=canonical.digest_of(str(row.pk))
        ),
    )
    begun = UUID(answer.body["id"])
    if answer.replayed and (waiting := Approval.objects.filter(execution_id=begun).order_by("-id").first()):
        return Asked(execution=begun, state=answer.body["state"], approval=waiting.pk, begun=True)
    if answer.body["state"] != State.RUNNING or row.kind == Kind.EXECUTION_START:
        return _asked(answer, begun)
    return _held_again(caller, row, begun)


def take_over(*, caller: Caller, key: ApiKey, agent: str | None, wanted: StartWanted, refused: bool) -> UUID | None:
    """Take the execution that waits for this run; None where there is none.

    It is of the same agent and workflow and has the same input. `refused` is a run that its program reports as
    blocked: that may be one a person has just refused, which has ended and is only named.
    """
    rows = Execution.objects.filter(
        project_id=key.project_id,
        agent_slug=key.agent.slug if key.agent else agent,
        workflow_slug=wanted.workflow,
        fence=UNTAKEN,
        labels__contains=MARK,
    )
    given = None if wanted.input is None else canonical.encode(wanted.input)

    def same(row: Execution) -> bool:
        return inputs.content_of(row.project_id, row.pk, inputs.FIRST, "input") == given

    for row in rows.filter(state=State.RUNNING).order_by("id"):
        if same(row) and _take(caller, row.pk):
            return row.pk
    if refused:
        for row in rows.filter(state=State.DENIED, ended_at__gt=Now() - REMEMBERED).order_by("-id"):
            if same(row):
                return row.pk
    return None


def _take(caller: Caller, execution_id: UUID) -> bool:
    """Take the fence of an execution that nobody drives. False: somebody was faster, or it has ended."""

    def attempt() -> bool:
        snapshot = snapshots.take(project_id=caller.project_id, key_id=caller.key_id, execution_id=execution_id)
        authenticate(caller, snapshot)
        require_own(caller, snapshot)
        if snapshot.x_state != State.RUNNING or snapshot.fence != UNTAKEN:
            return False
        draft = Draft(execution_id=execution_id, snapshot=snapshot, caller=caller)
        draft.control |= {"take": True, "renew_seconds": snapshot.lease_seconds}
        draft.add("execution.claimed", {"fence": snapshot.fence + 1})
        append(draft, Answer(status=200, body={}), fence=snapshot.fence, retry=None)
        return True

    return drive(attempt, lock=lambda: snapshots.row_of(execution_id))


def _held_again(caller: Caller, row: Approval, begun: UUID) -> Asked:
    content = inputs.content_of(row.project_id, row.execution_id, row.action_seq, "args")
    wanted = ActionWanted(
        fence=UNTAKEN,
        kind=Kind(row.kind),
        resource=row.resource,
        args=orjson.loads(content) if content else None,
    )
    if rehearse_action(caller=caller, execution_id=begun, wanted=wanted).decision.verdict is not Verdict.HOLD:
        # The rules have changed: the gate will say what they say now.
        return Asked(execution=begun, state=State.RUNNING, approval=None, begun=True)
    return _asked(gate.request_action(caller=caller, execution_id=begun, wanted=wanted), begun)


def _asked(answer: Answer, execution: UUID) -> Asked:
    approval = answer.body.get("approval")
    return Asked(
        execution=execution,
        state=answer.body["state"],
        approval=UUID(approval["id"]) if approval else None,
        begun=True,
    )


def _successor(ended: Execution, key: ApiKey) -> StartWanted:
    header: dict[str, Any] = inputs.header_of(ended.project_id, ended.pk)
    content = inputs.content_of(ended.project_id, ended.pk, inputs.FIRST, "input")
    names = EndUser.objects.filter(pk=ended.end_user) if ended.end_user else EndUser.objects.none()
    return StartWanted(
        workflow=ended.workflow_slug,
        agent=None if key.agent_id else ended.agent_slug,
        input=orjson.loads(content) if content else None,
        labels={**header.get("labels", {}), **MARK},
        parent=ended.parent_id,
        delegation=header.get("delegation"),
        end_user=names.values_list("name", flat=True).first(),
        environment=header.get("environment", ""),
        lease_seconds=ended.lease_seconds,
        retry_of=ended.pk,
        attempt=ended.attempt + 1,
    )
