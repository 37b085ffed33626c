"""MCP servers behind the gateway, and the definitions of their tools, over REST."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.access import Permission
from governance.api.described import changing, listing, reading
from governance.api.inputs import SLUG, Flag, Input, Text, read
from governance.api.outputs import Moment
from governance.api.views import GovernedView
from governance.models import McpServer, McpTool
from governance.services import mcp_servers
from governance.services.requests import Outcome
from waxell.lib.errors import NotFound

TAG = "MCP servers"


class McpServerInput(Input):
    slug = Text(validators=[SLUG], max_length=63)
    url = Text(min_length=1, max_length=2000)
    header = Text(max_length=63, required=False, help_text="The header that carries the secret.")
    secret = Text(max_length=4000, required=False)


class McpServerChangeInput(Input):
    url = Text(min_length=1, max_length=2000, required=False)
    header = Text(max_length=63, required=False)
    secret = Text(max_length=4000, required=False)
    active = Flag(required=False)


class McpAcceptanceInput(Input):
    fingerprint = Text(min_length=1, max_length=71, help_text="Of the definition that you have looked at.")


class McpServerOutput(serializers.Serializer[McpServer]):
    slug = serializers.CharField()
    url = serializers.CharField()
    header = serializers.CharField(help_text="The header that carries a secret; empty where there is none.")
    workflow = serializers.CharField(help_text="What sessions with this server are executions of.")
    active = serializers.BooleanField()
    created_at = Moment()


class McpToolOutput(serializers.Serializer[McpTool]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    changed = serializers.BooleanField(help_text="The server shows another definition than the accepted one.")
    accepted = serializers.CharField(help_text="Fingerprint.")
    accepted_definition = serializers.CharField()
    seen = serializers.CharField(help_text="Fingerprint.")
    seen_definition = serializers.CharField()
    first_seen_at = Moment()
    changed_at = Moment(allow_null=True)


class McpServerView(GovernedView):
    """What the views of one server share."""

    def find(self, slug: str, permission: Permission) -> McpServer:
        self.require(permission)
        found = McpServer.objects.filter(project=self.project.pk, slug=slug).first()
        if found is None:
            raise NotFound()
        return found


class McpServerCollection(McpServerView):
    @listing(McpServerOutput, TAG)
    def get(self, request: Request) -> Response:
        self.require(Permission.VIEW)
        return self.page(request, McpServer.objects.filter(project=self.project.pk), McpServerOutput)

    @changing(McpServerInput, McpServerOutput, TAG, status=201)
    def post(self, request: Request) -> Response:
        """Put the gateway in front of a server. Clients reach it at `/mcp/{slug}/`."""
        wanted = read(request, McpServerInput)

        def effect() -> Outcome:
            self.require(Permission.MANAGE_AGENTS)
            made = mcp_servers.register(project=self.project, actor=self.actor, **wanted)
            return Outcome(status=201, body=McpServerOutput(made).data)

        return self.once(request, effect)


class McpServerItem(McpServerView):
    @reading(McpServerOutput, TAG)
    def get(self, request: Request, slug: str) -> Response:
        return Response(McpServerOutput(self.find(slug, Permission.VIEW)).data)

    @changing(McpServerChangeInput, McpServerOutput, TAG)
    def put(self, request: Request, slug: str) -> Response:
        """Change what is given."""
        wanted = read(request, McpServerChangeInput)

        def effect() -> Outcome:
            found = self.find(slug, Permission.MANAGE_AGENTS)
            changed = mcp_servers.change(server=found, actor=self.actor, **wanted)
            return Outcome(status=200, body=McpServerOutput(changed).data)

        return self.once(request, effect)


class McpToolCollection(McpServerView):
    @listing(McpToolOutput, TAG)
    def get(self, request: Request, slug: str) -> Response:
        """The tools that a server has shown, with the accepted and the last definition."""
        found = McpTool.objects.filter(server=self.find(slug, Permission.VIEW))
        return self.page(request, found, McpToolOutput, key=("name", "id"))


class McpToolAcceptance(McpServerView):
    @changing(McpAcceptanceInput, McpToolOutput, TAG)
    def post(self, request: Request, slug: str, tool_id: UUID) -> Response:
        """Accept a changed definition: rules are told `accepted` of it from now on."""
        wanted: dict[str, Any] = read(request, McpAcceptanceInput)

        def effect() -> Outcome:
            server = self.find(slug, Permission.MANAGE_AGENTS)
            tool = McpTool.objects.select_related("server").filter(server=server, pk=tool_id).first()
            if tool is None:
                raise NotFound()
            accepted = mcp_servers.accept(tool=tool, actor=self.actor, **wanted)
            return Outcome(status=200, body=McpToolOutput(accepted).data)

        return self.once(request, effect)
