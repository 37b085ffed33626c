"""How long contents are kept, and what must be kept whatever else is said."""

from django.db import models

from waxell.lib.ids import uuid7


class LegalHold(models.Model):
    """Nothing that its scope matches is erased until it is lifted. Written only by SQL functions.

    Why it was placed stands beside the entry ``entry_seq`` of the project's governance stream.
    """

    class Scope(models.TextChoices):
        PROJECT = "project"
        EXECUTION = "execution"
        END_USER = "end_user"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="legal_holds")
    scope_type = models.CharField(max_length=16, choices=Scope)
    scope_value = models.UUIDField(help_text="The project, the execution, or the end user's pseudonym.")
    entry_seq = models.BigIntegerField()
    placed_by = models.ForeignKey("governance.Person", models.PROTECT, related_name="+")
    placed_at = models.DateTimeField()
    lifted_by = models.ForeignKey("governance.Person", models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["project", "scope_value"], condition=models.Q(lifted_at__isnull=True), name="legalhold_in_force"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | models.Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="legalhold_lifted_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope_type} {self.scope_value}"


class RetentionRule(models.Model):
    """Contents are erased so many days after their execution ended. A project without rules keeps all."""

    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="retention_rules")
    payload = models.CharField(max_length=32, blank=True, help_text="Name of the payloads meant; empty: all.")
    days = models.PositiveIntegerField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "payload"], name="retentionrule_once"),
            models.CheckConstraint(condition=models.Q(days__gte=1), name="retentionrule_is_a_day_at_least"),
        ]

    def __str__(self) -> str:
        return f"{self.payload or 'all contents'}: {self.days} days"
