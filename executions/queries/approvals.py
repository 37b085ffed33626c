"""Approvals for the people who decide them."""

from uuid import UUID

from django.db.models import FETCH_RAISE, Case, IntegerField, QuerySet, Value, When

from governance.models import Approval


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


def _listed(project_id: UUID) -> QuerySet[Approval]:
    return Approval.objects.filter(project_id=project_id).select_related("agent").fetch_mode(FETCH_RAISE)
