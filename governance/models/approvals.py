"""Approvals: a held action that waits for a person, and the votes of people on it."""

from django.db import models

from waxell.lib.ids import uuid7


class Approval(models.Model):
    """One held action. Written only by SQL functions; bound to exactly what was asked.

    ``holds`` lists the rules that held it, each ``{policy, version, rule}``; a grant lifts only
    these, once, for the same agent, workflow, kind, resource and argument digest.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for a person"
        GRANTED = "granted", "Granted"
        REFUSED = "refused", "Refused"
        EXPIRED = "expired", "Expired"
        LAPSED = "lapsed", "Lapsed"
        USED = "used", "Granted and used"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="approvals")
    execution_id = models.UUIDField(db_index=True)
    action_seq = models.BigIntegerField()
    agent = models.ForeignKey("governance.Agent", models.PROTECT, related_name="+")
    workflow_slug = models.CharField(max_length=200)
    kind = models.CharField(max_length=32)
    resource = models.CharField(max_length=200)
    args_digest = models.BinaryField()
    holds = models.JSONField()
    approvers = models.CharField(max_length=63, blank=True)
    quorum = models.PositiveSmallIntegerField(default=1)
    halt_on_refusal = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    used_by_execution = models.UUIDField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["project", "expires_at"],
                condition=models.Q(state="pending"),
                name="approval_pending",
            ),
            models.Index(
                fields=["agent", "args_digest"],
                condition=models.Q(state="granted"),
                name="approval_granted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.resource}"


class ApprovalStep(models.Model):
    """What time alone did to a waiting approval: people were reminded, or another group was asked as well."""

    class Kind(models.TextChoices):
        REMINDED = "reminded"
        ESCALATED = "escalated"

    approval = models.ForeignKey(Approval, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=16, choices=Kind)
    group = models.CharField(max_length=63, blank=True)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["approval", "kind", "group"], name="approvalstep_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.group}".strip()


class ApprovalVote(models.Model):
    """What one person said about one approval."""

    class Decision(models.TextChoices):
        GRANT = "grant"
        REFUSE = "refuse"

    approval = models.ForeignKey(Approval, models.PROTECT, related_name="votes")
    person = models.ForeignKey("governance.Person", models.PROTECT, related_name="votes")
    decision = models.CharField(max_length=8, choices=Decision)
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["approval", "person"], name="approvalvote_once")]

    def __str__(self) -> str:
        return f"{self.person}: {self.decision}"
