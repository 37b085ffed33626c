"""What time does to a waiting approval before it expires: a reminder at half, another group where a rule says so.

The step's row and its entry are one transaction under the execution's lock, and the row has a unique key: a
sweeper that dies, or two of them, take each step once.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from executions.queries import escalations
from executions.services.appending import Answer, Draft, append, drive
from executions.services.approvals import locked
from executions.services.callers import system
from governance.models import Approval, ApprovalStep, ApproverGroup
from waxell.lib.db.calls import call_one

AT_ONCE: Final = 500
"""How many approvals one round takes."""


def take_due() -> int:
    """Remind of approvals and ask further groups where it is time; returns how many steps were taken."""
    return remind() + escalate()


def remind() -> int:
    """Note once that half of the time to decide is over."""
    done = ApprovalStep.objects.filter(kind=ApprovalStep.Kind.REMINDED)
    halfway = (
        _waiting().alias(passed=Now() - F("requested_at"), left=F("expires_at") - Now()).filter(passed__gte=F("left"))
    )
    ids = halfway.exclude(pk__in=done.values("approval")).values_list("pk", flat=True)[:AT_ONCE]
    return sum(take_step(pk, ApprovalStep.Kind.REMINDED, "") for pk in list(ids))


def escalate() -> int:
    """Ask the groups whose time has come, each once; a group that the project does not have is asked of nobody."""
    now: datetime = call_one("SELECT clock_timestamp() AS now").now
    due = [
        (row, step.group)
        for row in _waiting().prefetch_related("steps").iterator(chunk_size=AT_ONCE)
        for step in escalations.of(row)
        if step.at <= now and all(taken.group != step.group for taken in row.steps.all())
    ]
    known = set(
        ApproverGroup.objects.filter(project__in={row.project_id for row, _ in due}).values_list("project_id", "slug")
    )
    return sum(
        take_step(row.pk, ApprovalStep.Kind.ESCALATED, group)
        for row, group in due[:AT_ONCE]
        if (row.project_id, group) in known
    )


def _waiting() -> QuerySet[Approval]:
    return Approval.objects.filter(state=Approval.State.PENDING, expires_at__gt=Now()).order_by("expires_at", "id")


def take_step(approval_id: UUID, kind: ApprovalStep.Kind, group: str) -> bool:
    """Take one step of a waiting approval, with its entry; False where it was taken, or nobody waits any more."""
    approval = Approval.objects.get(pk=approval_id)

    def attempt() -> bool:
        with transaction.atomic():
            snapshot = locked(approval)
            waiting = Approval.objects.get(pk=approval_id)
            if waiting.state != Approval.State.PENDING or waiting.expires_at <= snapshot.now:
                return False
            if waiting.steps.filter(kind=kind, group=group).exists():
                return False
            waiting.steps.create(kind=kind, group=group, taken_at=snapshot.now)
            draft = Draft(execution_id=waiting.execution_id, snapshot=snapshot, caller=system(waiting.project_id))
            members = {"about": waiting.action_seq, "approval": str(waiting.pk)}
            draft.add(f"approval.{kind}", {**members, "group": group} if group else members)
            append(draft, Answer(status=200, body={}), fence=None, retry=None)
            return True

    return drive(attempt, lock=lambda: None)
