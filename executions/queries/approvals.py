"""Approvals for the people who decide them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from django.db.models import FETCH_RAISE, Case, IntegerField, QuerySet, Value, When

from governance.models import Approval
from waxell.ledger.models import Entry


def inbox(project_id: UUID) -> QuerySet[Approval]:
    """Return what waits for a person, the most urgent first."""
    return _listed(project_id).filter(state=Approval.State.PENDING).order_by("expires_at", "id")


def decided(project_id: UUID) -> QuerySet[Approval]:
    """Return what nobody needs to decide any more, the newest first."""
    return _listed(project_id).exclude(state=Approval.State.PENDING).order_by("-id")


def visible(project_id: UUID) -> QuerySet[Approval]:
    """Return the approvals of a project with the votes on them, those that wait first."""
    waiting = Case(When(state=Approval.State.PENDING, then=Value(0)), default=Value(1), output_field=IntegerField())
    return _listed(project_id).prefetch_related("votes__person").order_by(waiting, "-id")


def reasons(project_id: UUID, approvals: Sequence[Approval]) -> dict[UUID, list[dict[str, Any]]]:
    """Return why each of these approvals is asked for: the recorded reasons, by the approval's id."""
    asked = {(approval.execution_id, approval.action_seq): approval.pk for approval in approvals}
    entries = Entry.objects.filter(
        project_id=project_id,
        stream__in={execution for execution, _ in asked},
        seq__in={seq for _, seq in asked},
    )
    return {
        asked[entry.stream, entry.seq]: orjson.loads(bytes(entry.body))["decision"]["reasons"]
        for entry in entries
        if (entry.stream, entry.seq) in asked
    }


def _listed(project_id: UUID) -> QuerySet[Approval]:
    return Approval.objects.filter(project_id=project_id).select_related("agent").fetch_mode(FETCH_RAISE)
