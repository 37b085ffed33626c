"""Kill orders: an operator's instruction that stops a scope at once."""

from django.db import models

from waxell.lib.ids import uuid7


class KillOrder(models.Model):
    """Stops what matches its scope until lifted. Written only by SQL functions."""

    class Scope(models.TextChoices):
        ALL = "all"
        PROJECT = "project"
        TEAM = "team"
        AGENT = "agent"
        WORKFLOW = "workflow"
        TOOL = "tool"
        MODEL = "model"
        END_USER = "end_user"
        EXECUTION = "execution"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="kill_orders")
    scope_type = models.CharField(max_length=16, choices=Scope)
    scope_value = models.CharField(max_length=200, blank=True)
    reason = models.TextField()
    placed_by = models.ForeignKey("governance.Person", models.PROTECT, related_name="+")
    placed_at = models.DateTimeField()
    lifted_by = models.ForeignKey("governance.Person", models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | models.Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="killorder_lifted_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope_type} {self.scope_value}".strip()
