"""Policies: a draft that people edit, and numbered versions that never change."""

from django.db import models

from waxell.lib.ids import uuid7


class Policy(models.Model):
    """Named rules. ``draft_*`` is the working copy; versions are what can be in force."""

    class Mode(models.TextChoices):
        ENFORCED = "enforced", "Enforced"
        SHADOW = "shadow", "On trial"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="policies")
    slug = models.SlugField(max_length=63)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    mode = models.CharField(max_length=16, choices=Mode, default=Mode.ENFORCED)
    draft_text = models.TextField(blank=True)
    draft_revision = models.PositiveIntegerField(
        default=1, help_text="Moves with every save, so two editors notice each other."
    )
    draft_saved_at = models.DateTimeField(auto_now=True)
    draft_saved_by = models.ForeignKey("governance.Person", models.PROTECT, null=True, related_name="+")
    draft_author = models.ForeignKey(
        "governance.Person",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who last changed text or mode. Kept by a trigger.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "policies"
        permissions = [("publish_policy", "Can publish and retire this policy")]
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="policy_slug_unique")]

    def __str__(self) -> str:
        return self.name


class PolicyVersion(models.Model):
    """Immutable numbered text of a policy, addressed by digest."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    mode = models.CharField(max_length=16, choices=Policy.Mode)
    digest = models.BinaryField()
    note = models.TextField(blank=True)
    author = models.ForeignKey("governance.Person", models.PROTECT, null=True, related_name="+")
    written_by = models.ForeignKey(
        "governance.Person",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who last changed the draft that it was. Kept by a trigger.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["policy", "number"], name="policyversion_number_unique")]

    def __str__(self) -> str:
        return f"{self.policy} v{self.number}"
