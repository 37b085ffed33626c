"""MCP servers that the gateway stands in front of, and the definitions of their tools."""

from django.db import models
from django.db.models.functions import Now

from waxell.lib.ids import uuid7


class McpServer(models.Model):
    """A server of the Model Context Protocol. What it is shown as a secret is encrypted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey("governance.Project", models.PROTECT, related_name="mcp_servers")
    slug = models.SlugField(max_length=63)
    url = models.CharField(max_length=2000)
    header = models.CharField(max_length=63, blank=True, help_text="The header that carries the secret, if any.")
    secret = models.BinaryField(null=True)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="mcpserver_slug_unique")]

    def __str__(self) -> str:
        return self.slug

    @property
    def workflow(self) -> str:
        """The slug of the workflow that sessions with this server are executions of."""
        return f"mcp-{self.slug}"


class McpTool(models.Model):
    """A tool's definition as it was accepted, and as its server showed it last.

    A definition is the canonical JSON of name, description and input schema; its fingerprint is the
    digest of these bytes. The first one seen is accepted, every other one only by a person.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    server = models.ForeignKey(McpServer, models.PROTECT, related_name="tools")
    name = models.CharField(max_length=128)
    accepted = models.CharField(max_length=71, help_text="Fingerprint.")
    accepted_definition = models.TextField()
    seen = models.CharField(max_length=71, help_text="Fingerprint.")
    seen_definition = models.TextField()
    first_seen_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(null=True, help_text="When the definition last became another one.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["server", "name"], name="mcptool_name_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def changed(self) -> bool:
        """Whether the server shows another definition than the accepted one."""
        return self.seen != self.accepted
