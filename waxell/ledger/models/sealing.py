"""Read-only views of what sealing writes; SQL creates these tables and only its functions write them.

Each is keyed by `(log, …)`. Django wants one primary-key column: the one named is unique in fact or
within the log, and lookups go by the real key.
"""

from django.db import models


class Log(models.Model):
    """A tree that grows. There is one, and one more after each recovery of a database that had lost leaves."""

    number = models.IntegerField(primary_key=True)
    id = models.UUIDField(unique=True)
    origin = models.TextField(unique=True)
    opened_at = models.DateTimeField()
    previous_size = models.BigIntegerField(null=True)
    previous_root = models.BinaryField(null=True)
    vkey = models.TextField(default="")

    class Meta:
        managed = False
        db_table = "ledger_log"

    def __str__(self) -> str:
        return self.origin


class Leaf(models.Model):
    """A sealed entry's place: leaf `index` of `log`, counted from 0."""

    digest = models.BinaryField(primary_key=True)
    log = models.IntegerField()
    index = models.BigIntegerField()
    project_id = models.UUIDField()
    stream = models.UUIDField()
    seq = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "ledger_leaf"

    def __str__(self) -> str:
        return f"{self.log}/{self.index}"


class FullTile(models.Model):
    """256 neighbouring hashes of one level, and their root."""

    root = models.BinaryField(primary_key=True)
    log = models.IntegerField()
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        managed = False
        db_table = "ledger_tile"

    def __str__(self) -> str:
        return f"{self.log}/{self.level}/{self.index}"


class Checkpoint(models.Model):
    """A signed commitment to the first `size` leaves of `log`."""

    root = models.BinaryField(primary_key=True)
    log = models.IntegerField()
    size = models.BigIntegerField()
    note = models.TextField()
    key_id = models.BinaryField()
    signed_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "ledger_checkpoint"

    def __str__(self) -> str:
        return f"{self.log}/{self.size}"


class LogKey(models.Model):
    """A key that signs checkpoints, as auditors are given it, and the entry that announced it."""

    vkey = models.TextField(primary_key=True)
    log = models.IntegerField()
    seq = models.BigIntegerField()
    announced_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_key"

    def __str__(self) -> str:
        return self.vkey


class Sealer(models.Model):
    """What the sealer last said of itself."""

    class State(models.TextChoices):
        SEALING = "sealing"
        STOPPED = "stopped"

    singleton = models.BooleanField(primary_key=True, default=True)
    state = models.TextField(choices=State)
    reason = models.TextField()
    detail = models.TextField()
    changed_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_sealer"

    def __str__(self) -> str:
        return self.state
