"""What the API remembers of requests: answers kept for retries, refusals by rate, end users."""

from django.db import models
from django.db.models.functions import Now

from waxell.lib.ids import uuid7


class StoredAnswer(models.Model):
    """The answer to a POST with an Idempotency-Key, kept for 24 hours."""

    caller = models.CharField(max_length=64)
    path = models.CharField(max_length=400)
    key = models.CharField(max_length=255)
    body_digest = models.BinaryField()
    status = models.PositiveSmallIntegerField(default=0)
    body = models.BinaryField(default=b"")
    execution_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "path", "key"], name="storedanswer_once")]

    def __str__(self) -> str:
        return f"{self.path} {self.key}"


class ThrottledMinute(models.Model):
    """Requests of one key refused by rate within one minute, until the sweeper records them."""

    key = models.ForeignKey("governance.ApiKey", models.PROTECT, related_name="+")
    minute = models.DateTimeField()
    refused = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "minute"], name="throttledminute_once")]

    def __str__(self) -> str:
        return f"{self.key_id} {self.minute:%H:%M}: {self.refused}"


class EndUser(models.Model):
    """The person an agent acts for. Records know only the random id; the name can be erased."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="end_users")
    name = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="enduser_name_unique")]

    def __str__(self) -> str:
        return str(self.id)
