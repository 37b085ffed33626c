"""Governance states: the digest of all that decides, and the budgets it names."""

from django.db import models


class GovernanceState(models.Model):
    """One publication of a manifest. On screen: *Rules in force, no. N*. Written only by SQL functions.

    Returning to earlier rules is a new number with the same digest: the digest names what decides.
    """

    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="states")
    number = models.BigIntegerField()
    digest = models.BinaryField()
    manifest = models.BinaryField()
    entry_seq = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="state_number_unique"),
        ]
        indexes = [models.Index(fields=["project", "digest"], name="state_by_digest")]

    def __str__(self) -> str:
        return f"Rules in force, no. {self.number}"


class StateBudget(models.Model):
    """A budget version that a governance state names, copied for the gate. Never written by hand."""

    state = models.ForeignKey(GovernanceState, models.PROTECT, related_name="budgets")
    budget = models.ForeignKey("governance.Budget", models.PROTECT, related_name="+")
    slug = models.CharField(max_length=63)
    version = models.PositiveIntegerField()
    unit = models.CharField(max_length=32)
    scope_rank = models.SmallIntegerField()
    scope_type = models.CharField(max_length=16)
    scope_value = models.CharField(max_length=200, blank=True)
    period = models.CharField(max_length=16)
    time_zone = models.CharField(max_length=64)
    limit = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["state", "budget"], name="statebudget_once")]

    def __str__(self) -> str:
        return f"{self.budget_id} v{self.version}"
