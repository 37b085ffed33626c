"""The execution's row: its state, its lease and the head of its stream."""

from django.db import models
from django.db.models import Q

LIVE = ("pending", "running", "suspended")


class Execution(models.Model):
    """One discrete run of a workflow under governance. Written only by SQL functions.

    The id is also the id of its stream, whose head is ``seq`` and ``head``. No foreign keys are
    enforced here: the row is hot and its references can never be deleted.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for a worker"
        RUNNING = "running", "Running"
        SUSPENDED = "suspended", "Waiting for a person"
        COMPLETED = "completed", "Completed"
        FAILED = "failed", "Failed"
        DENIED = "denied", "Refused"
        HALTED = "halted", "Stopped"
        CANCELLED = "cancelled", "Cancelled"
        INTERRUPTED = "interrupted", "Interrupted"

    id = models.UUIDField(primary_key=True, editable=False)
    project = models.ForeignKey(
        "governance.Project", models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    agent = models.ForeignKey("governance.Agent", models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    workflow = models.ForeignKey(
        "governance.Workflow", models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    key = models.ForeignKey(
        "governance.ApiKey",
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    agent_slug = models.CharField(max_length=63)
    workflow_slug = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=State)
    vouched = models.CharField(max_length=16, help_text="enforced, asked or observed")
    seq = models.BigIntegerField()
    head = models.BinaryField()
    fence = models.BigIntegerField()
    lease_seconds = models.PositiveIntegerField()
    expires_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    governance_digest = models.BinaryField(help_text="State of the latest entry.")
    states_seen = models.JSONField(help_text="Every governance state with its first entry.")
    environment = models.CharField(max_length=63, blank=True)
    labels = models.JSONField(default=dict)
    end_user = models.UUIDField(null=True, help_text="Random pseudonym.")
    parent_id = models.UUIDField(null=True)
    root_id = models.UUIDField(db_index=True)
    depth = models.PositiveSmallIntegerField(default=0)
    retry_of = models.UUIDField(null=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    actions = models.BigIntegerField(default=0)
    model_calls = models.BigIntegerField(default=0)
    tool_calls = models.BigIntegerField(default=0)
    unresolved = models.BigIntegerField(default=0, help_text="Allowed actions without a result.")
    refusals = models.BigIntegerField(default=0)
    spent_micros = models.BigIntegerField(default=0)
    tokens = models.BigIntegerField(default=0)
    last_call = models.BinaryField(null=True, help_text="Digest of the latest action's kind, resource and arguments.")
    repeats = models.BigIntegerField(default=0, help_text="How often in a row the latest action came before.")
    cause = models.JSONField(null=True, help_text="The reason that bound at the end or refusal.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "-id"], name="execution_newest"),
            models.Index(fields=["project", "state", "-id"], name="execution_by_state"),
            models.Index(fields=["project", "agent", "-id"], name="execution_by_agent"),
            models.Index(fields=["project", "workflow", "-id"], name="execution_by_workflow"),
            models.Index(fields=["id"], condition=Q(state__in=LIVE), name="execution_live"),
            models.Index(fields=["parent_id"], condition=Q(parent_id__isnull=False), name="execution_children"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["retry_of", "attempt"],
                condition=Q(retry_of__isnull=False),
                name="execution_retried_once",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=LIVE) & Q(ended_at__isnull=True))
                | (~Q(state__in=LIVE) & Q(ended_at__isnull=False)),
                name="execution_ends_with_its_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workflow_slug} {self.id}"
