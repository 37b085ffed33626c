"""People of a project: their roles, and the groups that rules ask."""

from uuid import UUID

from django.db.models import FETCH_RAISE, CharField, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from governance.models import ApproverGroup, Membership, Person


def members(project_id: UUID) -> QuerySet[Person]:
    """Return everybody with a role, each with `roles`: their memberships here."""
    roles = Membership.objects.filter(project=project_id).order_by("role")
    found = Person.objects.filter(memberships__project=project_id).distinct()
    called = Coalesce(NullIf("name", Value("")), "email", output_field=CharField())
    return (
        found.prefetch_related(Prefetch("memberships", roles, to_attr="roles"))
        .annotate(called=called)
        .order_by("called", "email")
    )


def members_and(project_id: UUID, group: ApproverGroup) -> QuerySet[Person]:
    """Return everybody with a role, and those of the group who have none any more."""
    either = Q(memberships__project=project_id) | Q(approver_groups=group)
    return Person.objects.filter(either).distinct().order_by("name", "email")


def members_and_owner(project_id: UUID, owner_id: UUID | None) -> QuerySet[Person]:
    """Return everybody with a role, and a tool's owner who has none any more."""
    either = Q(memberships__project=project_id) | Q(pk=owner_id)
    return Person.objects.filter(either).distinct().order_by("name", "email")


def groups(project_id: UUID) -> QuerySet[ApproverGroup]:
    """Return the approver groups with their people."""
    found = ApproverGroup.objects.filter(project=project_id).prefetch_related(
        Prefetch("people", Person.objects.order_by("name", "email"))
    )
    return found.order_by("slug").fetch_mode(FETCH_RAISE)


def by_email(email: str) -> Person | None:
    """Return who has this e-mail address, however it is capitalised."""
    return Person.objects.filter(email__iexact=email).first()
