"""Streams that have no row of their own elsewhere: governance, addenda, and what a log says of itself."""

from django.db import models


class Stream(models.Model):
    """Head of an open-ended stream. An execution's own stream is headed by the execution's row."""

    class Kind(models.TextChoices):
        GOVERNANCE = "governance"
        ADDENDA = "addenda"
        # Of the installation, not of a project: project_id is the nil UUID.
        LOG = "log"

    id = models.UUIDField(primary_key=True, editable=False)
    project_id = models.UUIDField()
    kind = models.CharField(max_length=16, choices=Kind)
    subject = models.UUIDField(null=True, unique=True, help_text="The execution addenda speak of.")
    seq = models.BigIntegerField(default=0)
    head = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(seq=0, head__isnull=True) | models.Q(seq__gte=1, head__isnull=False),
                name="stream_head_follows_seq",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
