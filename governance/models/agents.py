"""Agents, the teams they belong to, and the keys they hold."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from waxell.lib.ids import uuid7


class Team(models.Model):
    """A group of agents that policies and kill orders can name."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="teams")
    slug = models.SlugField(max_length=63)
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="team_slug_unique")]

    def __str__(self) -> str:
        return self.name


class Agent(models.Model):
    """A registered program that acts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="agents")
    slug = models.SlugField(max_length=63)
    name = models.CharField(max_length=120)
    teams = models.ManyToManyField(Team, related_name="agents", blank=True)
    discovered = models.BooleanField(default=False, help_text="First seen in a request; nobody has adopted it yet.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="agent_slug_unique")]

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """A credential of an agent or a service, with a person who answers for it.

    Only the SHA-256 of the secret is stored. ``revoked_at`` is written by ``key_revoke_v1``.
    """

    class Scope(models.TextChoices):
        EXECUTE = "execute"
        READ = "read"
        GOVERN = "govern"

    id = models.CharField(primary_key=True, max_length=24, editable=False)
    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="keys")
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, related_name="keys")
    service = models.CharField(max_length=120, blank=True)
    accountable = models.ForeignKey("governance.Person", models.PROTECT, related_name="keys")
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope))
    secret_digest = models.BinaryField()
    requests_per_minute = models.PositiveIntegerField(default=60_000)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(agent__isnull=False, scopes__contains=["govern"]),
                name="apikey_agent_never_governs",
            ),
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=["execute", "read", "govern"]),
                name="apikey_scopes_known",
            ),
        ]

    def __str__(self) -> str:
        return f"wxk_{self.id}"
