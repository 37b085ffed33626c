"""What agents can do here: workflows, tools and models, registered or discovered."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from waxell.lib.ids import uuid7


class Name(models.Model):
    """A name that policies can speak of; ``discovered`` until a person adopts it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="%(class)ss")
    slug = models.CharField(max_length=200)
    discovered = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="%(class)s_slug_unique")]

    def __str__(self) -> str:
        return self.slug


class Workflow(Name):
    """A named kind of work; an agent runs it itself, or one of our workers does."""

    class Kind(models.TextChoices):
        EXTERNAL = "external"
        WORKER = "worker"

    kind = models.CharField(max_length=16, choices=Kind, default=Kind.EXTERNAL)
    description = models.TextField(blank=True)
    max_attempts = models.PositiveSmallIntegerField(default=1)
    max_concurrent = models.PositiveIntegerField(default=10)
    schedule = models.CharField(max_length=120, blank=True, help_text="Five cron fields, or empty.")
    schedule_agent = models.ForeignKey(
        "governance.Agent", models.PROTECT, null=True, blank=True, related_name="scheduled"
    )
    last_scheduled_at = models.DateTimeField(null=True)

    class Meta(Name.Meta):
        constraints = [
            *Name.Meta.constraints,
            models.CheckConstraint(condition=Q(max_attempts__gte=1), name="workflow_attempts_min"),
        ]


class Tool(Name):
    """A capability; with a JSON Schema its arguments are typed for policies.

    How much harm a call can do and who answers for the tool are for people to read; no rule depends on them.
    """

    class Risk(models.TextChoices):
        LOW = "low"
        MEDIUM = "medium"
        HIGH = "high"

    description = models.TextField(blank=True)
    groups = ArrayField(models.CharField(max_length=63), default=list, blank=True)
    schema = models.JSONField(null=True, blank=True)
    cost_micros = models.BigIntegerField(null=True, blank=True, help_text="Declared cost of one call in micro-dollars.")
    risk = models.CharField(max_length=16, blank=True, choices=Risk, default="", db_default="")
    owner = models.ForeignKey("governance.Person", models.PROTECT, null=True, blank=True, related_name="tools")

    class Meta(Name.Meta):
        constraints = [
            *Name.Meta.constraints,
            models.CheckConstraint(condition=Q(risk__in=["", "low", "medium", "high"]), name="tool_risk_known"),
        ]


class Model(Name):
    """A model that agents call, of a provider."""

    provider = models.CharField(max_length=63, blank=True)
