"""Agents with their keys at a glance."""

from uuid import UUID

from django.db.models import FETCH_RAISE, Count, Max, Q, QuerySet
from django.db.models.functions import Now

from governance.models import Agent

_IN_FORCE = Q(keys__revoked_at__isnull=True, keys__expires_at__gt=Now())


def listed(project_id: UUID) -> QuerySet[Agent]:
    """Return the agents of a project with `keys_in_force` and `last_used_at`, discovered ones first."""
    found = Agent.objects.filter(project=project_id).prefetch_related("teams")
    counted = found.annotate(
        keys_in_force=Count("keys", filter=_IN_FORCE, distinct=True), last_used_at=Max("keys__last_used_at")
    )
    return counted.order_by("-discovered", "slug").fetch_mode(FETCH_RAISE)
