"""Approvals for the people who decide them."""

from uuid import UUID

from django.db.models import FETCH_RAISE, Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from executions.models import Execution
from governance.models import Approval, ApprovalStep, ApprovalVote, ApproverGroup, Membership, Person


def inbox(project_id: UUID) -> QuerySet[Approval]:
    """Return what waits for a person, the most urgent first."""
    return _listed(project_id).filter(state=Approval.State.PENDING).order_by("expires_at", "id")


def decided(project_id: UUID) -> QuerySet[Approval]:
    """Return what nobody needs to decide any more, the newest first."""
    return _listed(project_id).exclude(state=Approval.State.PENDING).order_by("-id")


def visible(project_id: UUID) -> QuerySet[Approval]:
    """Return the approvals of a project with the votes on them, those that wait first."""
    waiting = Case(When(state=Approval.State.PENDING, then=Value(0)), default=Value(1), output_field=IntegerField())
    return _listed(project_id).prefetch_related("votes__person", "steps").order_by(waiting, "-id")


def awaiting(project_id: UUID, person: Person) -> QuerySet[Approval]:
    """Return what waits for this very person: their group is asked, or nobody in particular, and they have
    not voted. What they answer for themselves is left out while the project has somebody else to ask."""
    groups = ApproverGroup.objects.filter(project=project_id, people=person).values("slug")
    later = ApprovalStep.objects.filter(approval=OuterRef("pk"), kind=ApprovalStep.Kind.ESCALATED, group__in=groups)
    voted = ApprovalVote.objects.filter(approval=OuterRef("pk"), person=person)
    rows = inbox(project_id).filter(Q(approvers="") | Q(approvers__in=groups) | Exists(later)).exclude(Exists(voted))
    others = Membership.objects.filter(
        project=project_id, role__in=(Membership.Role.APPROVER, Membership.Role.OWNER), person__is_active=True
    ).exclude(person=person)
    if others.exists():
        rows = rows.exclude(Exists(Execution.objects.filter(pk=OuterRef("execution_id"), key__accountable=person)))
    return rows


def like(approval: Approval) -> QuerySet[Approval]:
    """Return all requests of the same agent for the same action under the same rules, the most urgent first."""
    rows = _listed(approval.project_id).filter(
        agent=approval.agent_id, kind=approval.kind, resource=approval.resource, holds=approval.holds
    )
    return rows.order_by("expires_at", "id")


def _listed(project_id: UUID) -> QuerySet[Approval]:
    return Approval.objects.filter(project_id=project_id).select_related("agent").fetch_mode(FETCH_RAISE)
