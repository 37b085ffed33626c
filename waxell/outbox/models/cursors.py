"""How far the ledger has been read."""

from django.db import models


class Cursor(models.Model):
    """One row: the next leaf to read. Leaves are contiguous, so nothing can be passed over."""

    singleton = models.BooleanField(primary_key=True, default=True)
    log = models.IntegerField(default=1)
    index = models.BigIntegerField(default=0)
    read_early_to = models.DateTimeField(
        null=True, help_text="While sealing is behind: what was queued before was read unsealed."
    )
    checkpoint_at = models.DateTimeField(null=True, help_text="When the checkpoint last told of was signed.")
    checkpoint_told_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True, help_text="When the notifier was last at work.")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(singleton=True), name="cursor_is_one_row")]

    def __str__(self) -> str:
        return f"{self.log}/{self.index}"
