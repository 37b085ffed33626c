"""Budgets: a fixed shape, immutable versions of its limit, windows and reservations."""

from django.db import models
from django.db.models import Q

from waxell.lib.ids import uuid7


class Budget(models.Model):
    """A limit on use over a period. Unit, scope, period and zone never change."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="budgets")
    slug = models.SlugField(max_length=63)
    name = models.CharField(max_length=120)
    unit = models.CharField(max_length=32)
    scope_type = models.CharField(max_length=16)
    scope_value = models.CharField(max_length=200, blank=True)
    period = models.CharField(max_length=16)
    time_zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions = [("revise_budget", "Can change the limit of this budget")]
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="budget_slug_unique")]

    def __str__(self) -> str:
        return self.name


class BudgetVersion(models.Model):
    """Immutable numbered limit of a budget, in the budget's unit (USD in micro-dollars)."""

    class OnExceed(models.TextChoices):
        HALT = "halt", "Stop the execution"
        DENY = "deny", "Refuse the action"
        HOLD = "hold", "Ask a person"

    budget = models.ForeignKey(Budget, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    limit = models.BigIntegerField()
    on_exceed = models.CharField(max_length=8, choices=OnExceed, default=OnExceed.HALT)
    default_reservation = models.BigIntegerField(null=True)
    approvers = models.CharField(max_length=63, blank=True)
    digest = models.BinaryField()
    note = models.TextField(blank=True)
    author = models.ForeignKey("governance.Person", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["budget", "number"], name="budgetversion_number_unique"),
            models.CheckConstraint(condition=Q(limit__gte=0), name="budgetversion_limit_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.budget} v{self.number}"


class Window(models.Model):
    """Counters of one budget for one member and one period. Written only by SQL functions.

    ``member`` is what the scope leaves open (an agent's slug, an execution's id), else empty.
    ``limit_now`` is the limit of the version that the latest grant cited.
    """

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey("governance.Project", models.PROTECT, db_constraint=False, related_name="+")
    budget = models.ForeignKey(Budget, models.PROTECT, db_constraint=False, db_index=False, related_name="windows")
    member = models.CharField(max_length=200, blank=True)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField(null=True)
    limit_now = models.BigIntegerField()
    extra = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    spent = models.BigIntegerField(default=0)
    overrun = models.BigIntegerField(default=0)
    presumed = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["budget", "member", "start_at"], name="window_once_per_period"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0, spent__gte=0, overrun__gte=0, presumed__gte=0),
                name="window_counts_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget_id} {self.member} {self.start_at:%Y-%m-%d %H:%M}"


class Reservation(models.Model):
    """An amount set aside in one window for one action. Written only by SQL functions.

    ``actual`` is what was booked at its end; ``*_after`` are the window's counters after the grant.
    """

    class State(models.TextChoices):
        OPEN = "open"
        SETTLED = "settled"
        PRESUMED = "presumed"
        RELEASED = "released"

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(
        "governance.Project", models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    execution_id = models.UUIDField()
    action_seq = models.BigIntegerField()
    window = models.ForeignKey(Window, models.PROTECT, db_constraint=False, related_name="reservations")
    budget_version = models.PositiveIntegerField()
    unit = models.CharField(max_length=32)
    amount = models.BigIntegerField()
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    actual = models.BigIntegerField(null=True)
    reserved_after = models.BigIntegerField()
    spent_after = models.BigIntegerField()
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["execution_id", "action_seq", "window"], name="reservation_once_per_action"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="reservation_not_negative"),
            models.CheckConstraint(
                condition=Q(state="open", ended_at__isnull=True)
                | (~Q(state="open") & Q(ended_at__isnull=False, actual__isnull=False)),
                name="reservation_ends_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.unit} {self.state}"
