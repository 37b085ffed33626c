"""Legal holds: what may not be erased now, and why."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet

from executions.models import Execution
from executions.queries.erasures import reasons_of
from governance.models import LegalHold


def listed(project_id: UUID) -> QuerySet[LegalHold]:
    """Return the holds of a project, lifted ones included, with who placed and lifted them."""
    return LegalHold.objects.filter(project=project_id).select_related("placed_by", "lifted_by")


def keeping(execution: Execution) -> LegalHold | None:
    """Return a hold in force that keeps the contents of an execution, the oldest one."""
    meant = Q(scope_type=LegalHold.Scope.PROJECT) | Q(scope_value__in=[execution.id, execution.end_user])
    return listed(execution.project_id).filter(meant, lifted_at__isnull=True).order_by("id").first()


def reasons(project_id: UUID, holds: Iterable[LegalHold]) -> dict[UUID, str]:
    """Return why each hold was placed, by its id."""
    by_entry = {hold.entry_seq: hold.pk for hold in holds}
    return {by_entry[seq]: reason for seq, reason in reasons_of(project_id, by_entry).items()}
