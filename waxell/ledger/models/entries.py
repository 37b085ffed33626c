"""Read-only views of the ledger's hot tables, which SQL creates and only SQL functions write.

The tables are keyed by ``(project_id, stream, seq)``. Django wants one primary-key column, so each
model names one that is unique in fact; lookups go by the real key.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Entry(models.Model):
    """One canonical line. ``body`` is the truth; every other column is a copy derived from it."""

    digest = models.BinaryField(primary_key=True)
    project_id = models.UUIDField()
    stream = models.UUIDField()
    seq = models.BigIntegerField()
    body = models.BinaryField()
    type = models.TextField()
    verdict = models.TextField(null=True)  # noqa: DJ001  NULL: this entry judges nothing
    state = models.BinaryField(null=True)
    about = models.BigIntegerField(null=True)
    cites = ArrayField(models.TextField(), null=True)
    decided_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_entry"
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.stream}#{self.seq} {self.type}"


class Payload(models.Model):
    """Content beside an entry, which commits to it by ``sha256(salt + content)``."""

    salt = models.BinaryField(primary_key=True)
    project_id = models.UUIDField()
    stream = models.UUIDField()
    seq = models.BigIntegerField()
    name = models.TextField()
    content = models.BinaryField()

    class Meta:
        managed = False
        db_table = "ledger_payload"

    def __str__(self) -> str:
        return f"{self.stream}#{self.seq} {self.name}"


class SealQueueItem(models.Model):
    """An entry that no checkpoint covers yet."""

    digest = models.BinaryField(primary_key=True)
    project_id = models.UUIDField()
    stream = models.UUIDField()
    seq = models.BigIntegerField()
    queued_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_seal_queue"

    def __str__(self) -> str:
        return f"{self.stream}#{self.seq}"
