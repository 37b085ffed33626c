"""What was erased: which entry of the project's governance took the content of which payload."""

from django.db import models


class Erasure(models.Model):
    """One payload whose content and salt are gone. Written only by ``ledger_erase_v1``."""

    project_id = models.UUIDField()
    stream = models.UUIDField()
    seq = models.BigIntegerField()
    name = models.TextField()
    entry_seq = models.BigIntegerField(help_text="The entry of the project's governance stream that lists it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project_id", "stream", "seq", "name"], name="ledger_erasure_once")
        ]
        indexes = [models.Index(fields=["project_id", "entry_seq"], name="ledger_erasure_by_entry")]

    def __str__(self) -> str:
        return f"{self.stream}#{self.seq} {self.name}"
