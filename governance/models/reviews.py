"""What people say of a policy's text before, and after, it decides."""

from django.db import models
from django.db.models.functions import Now


class PolicyApproval(models.Model):
    """A person stands behind exactly this text: in this mode, or behind taking it out of force."""

    class Mode(models.TextChoices):
        ENFORCED = "enforced"
        SHADOW = "shadow"
        RETIRED = "retired"

    policy = models.ForeignKey("governance.Policy", models.PROTECT, related_name="approvals")
    digest = models.BinaryField(help_text="Of the text.")
    mode = models.CharField(max_length=16, choices=Mode)
    person = models.ForeignKey("governance.Person", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "digest", "mode", "person"], name="policyapproval_person_once")
        ]

    def __str__(self) -> str:
        return f"{self.person} for {self.policy}"


class PolicyComment(models.Model):
    """What somebody says of a draft, or of a version."""

    policy = models.ForeignKey("governance.Policy", models.PROTECT, related_name="comments")
    version = models.PositiveIntegerField(null=True, help_text="None: of the draft.")
    text = models.TextField()
    author = models.ForeignKey("governance.Person", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["policy", "-id"], name="policycomment_newest")]

    def __str__(self) -> str:
        return self.text[:40]
