"""How far budgets are used."""

from uuid import UUID

from django.db.models import FETCH_RAISE, F, Q, QuerySet
from django.db.models.functions import Now

from governance.models import Budget, Reservation, Window

_TAKEN = F("spent") + F("reserved")


def fullest(project_id: UUID) -> dict[UUID, Window]:
    """Return the window of now that is used most, by the budget's id."""
    current = Window.objects.filter(Q(end_at__isnull=True) | Q(end_at__gt=Now()), project=project_id)
    rows = current.order_by("budget_id", (_TAKEN).desc(), "-start_at", "id").distinct("budget_id")
    return {row.budget_id: row for row in rows.fetch_mode(FETCH_RAISE)}


def current(budget: Budget) -> QuerySet[Window]:
    """Return the windows of now, those used most first."""
    rows = Window.objects.filter(Q(end_at__isnull=True) | Q(end_at__gt=Now()), budget=budget)
    return rows.order_by(_TAKEN.desc(), "-start_at", "id").fetch_mode(FETCH_RAISE)


def past(budget: Budget) -> QuerySet[Window]:
    """Return the windows whose period is over, newest first."""
    rows = Window.objects.filter(budget=budget, end_at__lte=Now())
    return rows.order_by("-start_at", "member", "id").fetch_mode(FETCH_RAISE)


def open_reservations(budget: Budget) -> QuerySet[Reservation]:
    """Return what is set aside now, oldest first, with its window."""
    rows = Reservation.objects.filter(window__budget=budget, state=Reservation.State.OPEN)
    return rows.select_related("window").order_by("opened_at", "id").fetch_mode(FETCH_RAISE)


def of_action(execution_id: UUID, seq: int) -> QuerySet[Reservation]:
    """Return what was set aside for one action, in the order it was taken, with windows and budgets."""
    rows = Reservation.objects.filter(execution_id=execution_id, action_seq=seq)
    return rows.select_related("window__budget").order_by("id").fetch_mode(FETCH_RAISE)
