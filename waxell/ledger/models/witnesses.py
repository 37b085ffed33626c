"""Read-only views of what witnesses say; SQL creates these tables and only the sealer's functions write them."""

from django.db import models


class Cosignature(models.Model):
    """A witness's line under the checkpoint of `size` leaves of `log`."""

    line = models.TextField(primary_key=True)
    log = models.IntegerField()
    size = models.BigIntegerField()
    vkey = models.TextField()
    name = models.TextField()
    cosigned_at = models.DateTimeField()
    received_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "ledger_cosignature"

    def __str__(self) -> str:
        return f"{self.name} {self.log}/{self.size}"


class Witness(models.Model):
    """How a witness last answered about `log`."""

    class State(models.TextChoices):
        COSIGNING = "cosigning"
        UNREACHABLE = "unreachable"
        REFUSING = "refusing"
        ALARM = "alarm"
        RETIRED = "retired"

    vkey = models.TextField(primary_key=True)
    log = models.IntegerField()
    name = models.TextField()
    state = models.TextField(choices=State)
    detail = models.TextField()
    changed_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_witness"

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"
