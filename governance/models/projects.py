"""Projects: tenant, shard key and the object on which rights are granted."""

from django.db import models

from waxell.lib.ids import uuid7


class Project(models.Model):
    """A tenant. Everything belongs to one; its id is also the id of its governance stream."""

    class Baseline(models.TextChoices):
        WATCH = "watch", "Watch: permit everything, record it"
        ALLOW_LIST = "allow-list", "Allow-list: permit only adopted names"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    baseline = models.CharField(max_length=16, choices=Baseline, default=Baseline.WATCH)
    max_concurrent_executions = models.PositiveIntegerField(
        default=100, help_text="Worker executions that may run at once in this project."
    )
    max_pending_executions = models.PositiveIntegerField(
        default=1000, help_text="Queue depth past which admission answers 503."
    )
    four_eyes = models.BooleanField(
        default=False, db_default=False, help_text="Whether a policy comes in force only with two people behind it."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions = [
            ("operate_executions", "Can start, cancel and kill executions"),
            ("author_policies", "Can write and publish policies"),
            ("manage_budgets", "Can create and change budgets"),
            ("decide_approvals", "Can decide approvals"),
            ("audit_ledger", "Can read records, proofs and rights"),
            ("manage_agents", "Can manage agents, keys, workflows, tools and models"),
            ("view_payloads", "Can see payload contents"),
            ("erase_payloads", "Can erase contents, and hold them against erasure"),
            ("own_project", "Can manage people and rights"),
        ]

    def __str__(self) -> str:
        return self.name


class ProjectHead(models.Model):
    """Which governance state is in force now. Written only by SQL functions.

    ``epoch`` moves with every publication, kill order and key revocation, so a decision made
    under an older epoch is stale.
    """

    project = models.OneToOneField(Project, models.PROTECT, primary_key=True, related_name="head")
    number = models.BigIntegerField(default=0)
    digest = models.BinaryField(null=True)
    epoch = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(number__gte=0, epoch__gte=0), name="projecthead_counts_up")
        ]

    def __str__(self) -> str:
        return f"Rules in force, no. {self.number}"
