"""Budgets: their versions and windows."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from governance.domain.manifest import BudgetInForce, GovernanceState
from governance.models import Budget, Window


def listed(project_id: UUID) -> QuerySet[Budget]:
    """Return the budgets of a project by the time they were made."""
    return Budget.objects.filter(project=project_id).order_by("created_at", "id")


def in_force_versions(state: GovernanceState) -> dict[str, BudgetInForce]:
    """Return the versions in force by the budget's slug."""
    return {budget.slug: budget for budget in state.budgets}


def windows(budget: Budget, *, current: bool = False) -> QuerySet[Window]:
    """Return a budget's windows, newest first; `current` leaves out those whose period is over."""
    found = Window.objects.filter(budget=budget).order_by("-start_at", "member", "id")
    return found.filter(Q(end_at__isnull=True) | Q(end_at__gt=Now())) if current else found
