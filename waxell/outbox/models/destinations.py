"""Destinations: who is told what of a project."""

from typing import Final
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from waxell.lib.ids import uuid7

INSTALLATION: Final = UUID(int=0)
"""The project of what belongs to none."""


class Destination(models.Model):
    """An address that messages go to. Address and secrets are encrypted: whoever has them can pose as us."""

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", "Webhook"
        EMAIL = "email", "E-mail"
        SLACK = "slack", "Slack-compatible"
        OTLP = "otlp", "OpenTelemetry collector"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project_id = models.UUIDField()
    slug = models.SlugField(max_length=63)
    kind = models.CharField(max_length=16, choices=Kind)
    address = models.BinaryField()
    shown_address = models.CharField(max_length=2000, help_text="The address without what is secret in it.")
    secret = models.BinaryField(null=True, help_text="What signs a webhook's messages; a collector's header.")
    old_secret = models.BinaryField(null=True, help_text="Signs beside the new one until `old_secret_until`.")
    old_secret_until = models.DateTimeField(null=True)
    events = ArrayField(models.CharField(max_length=63), default=list, help_text="Empty: every event.")
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())
    failures = models.PositiveIntegerField(default=0, help_text="Attempts that failed since the last that did not.")
    rests_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project_id", "slug"], name="destination_slug_unique")]

    def __str__(self) -> str:
        return self.slug
