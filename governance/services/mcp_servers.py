"""MCP servers behind the gateway: registering them, noticing what their tools are, accepting a change.

Who registers, changes and accepts is on the project's record, and so is every definition that
became another one. The secret is on no record.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from governance.domain.actors import Actor
from governance.domain.facts import Definition
from governance.domain.kinds import Kind
from governance.domain.tool_definitions import ToolDefinition
from governance.models import McpServer, McpTool, Project, Workflow
from governance.services import catalogue, names
from governance.services.recording import record
from waxell.lib import encrypting
from waxell.lib.errors import Conflict, Invalid
from waxell.outbox.domain import addresses
from waxell.outbox.domain.addresses import Allowed, ForbiddenAddress, MalformedAddress

PURPOSE: Final = "mcp"
_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}")
# These are the connection's own, or say what MCP means by a message.
_TAKEN: Final = re.compile(r"host|connection|content-.*|transfer-encoding|accept.*|cookie|mcp-.*", re.IGNORECASE)


class McpServerInvalid(Invalid):
    """The gateway cannot reach a server in this way."""

    code = "mcp_server_invalid"


class DefinitionMoved(Conflict):
    """The server shows another definition by now: look at it first."""

    code = "definition_moved"


def allowed() -> Allowed:
    """Return the hosts and networks inside the house where tool servers may be."""
    return Allowed.parse(settings.WAXELL_MCP_ALLOW)


def register(
    *, project: Project, actor: Actor, slug: str, url: str, header: str = "", secret: str | None = None
) -> McpServer:
    """Register a server, and the workflow that its sessions are executions of.

    `header` carries `secret` in every request to the server. Raises NameTaken, McpServerInvalid.
    """
    made = McpServer(project=project, slug=slug)
    _reach(made, url=url, header=header, secret=secret)
    with names.unique(slug):
        made.save()
        made.refresh_from_db(fields=["created_at"])
        if not Workflow.objects.filter(project=project, slug=made.workflow, discovered=False).exists():
            catalogue.register_workflow(project=project, actor=actor, slug=made.workflow)
        _record(made, actor, "mcp_server.registered")
    return made


def change(
    *,
    server: McpServer,
    actor: Actor,
    url: str | None = None,
    header: str | None = None,
    secret: str | None = None,
    active: bool | None = None,
) -> McpServer:
    """Change what is given; a server that is not active is not there for clients. Raises McpServerInvalid.

    A secret is for the address it was given for: another host is never shown it.
    """
    was = urlsplit(server.url).netloc
    kept = None
    if server.secret is not None and secret is None and header in (None, server.header):
        kept = encrypting.decrypt(server.secret, purpose=PURPOSE)
    _reach(
        server,
        url=server.url if url is None else url,
        header=server.header if header is None else header,
        secret=kept if secret is None else secret,
    )
    if kept is not None and urlsplit(server.url).netloc != was:
        raise McpServerInvalid("The secret was given for another host: give it again.")
    if active is not None:
        server.active = active
    with transaction.atomic():
        server.save()
        _record(server, actor, "mcp_server.changed")
    return server


def headers(server: McpServer) -> dict[str, str]:
    """Return what a request to the server carries of ours. Raises encrypting.Unreadable."""
    if server.secret is None:
        return {}
    return {server.header: encrypting.decrypt(server.secret, purpose=PURPOSE)}


def notice(server: McpServer, definitions: Iterable[ToolDefinition]) -> dict[str, Definition]:
    """Compare what a server shows with what is known of it; return what rules are told, by tool.

    The first definition of a tool is accepted; another one is `changed` until a person accepts it.
    """
    shown = {definition.name: definition for definition in definitions}
    known = _known(server, shown)
    if new := [definition for name, definition in shown.items() if name not in known]:
        _add(server, new)
        known = _known(server, shown)
    for tool in known.values():
        if tool.seen != shown[tool.name].fingerprint:
            _note(server, tool, shown[tool.name])
    return {
        name: Definition(
            state="accepted" if known[name].accepted == definition.fingerprint else "changed",
            fingerprint=definition.fingerprint,
        )
        for name, definition in shown.items()
    }


def accept(*, tool: McpTool, actor: Actor, fingerprint: str) -> McpTool:
    """Accept the definition that a person has looked at. Raises DefinitionMoved if it is no longer shown."""
    with transaction.atomic():
        was = tool.accepted
        moved = McpTool.objects.filter(pk=tool.pk, seen=fingerprint).update(
            accepted=F("seen"), accepted_definition=F("seen_definition")
        )
        if not moved:
            raise DefinitionMoved()
        tool.refresh_from_db()
        if was != tool.accepted:
            _record_tool(tool.server, actor, "mcp_tool.accepted", tool.name, was=was, now=tool.accepted)
    return tool


def _known(server: McpServer, shown: Mapping[str, ToolDefinition]) -> dict[str, McpTool]:
    return {tool.name: tool for tool in McpTool.objects.filter(server=server, name__in=shown)}


def _add(server: McpServer, definitions: Iterable[ToolDefinition]) -> None:
    rows = [
        McpTool(
            server=server,
            name=definition.name,
            accepted=definition.fingerprint,
            accepted_definition=definition.text,
            seen=definition.fingerprint,
            seen_definition=definition.text,
        )
        for definition in definitions
    ]
    McpTool.objects.bulk_create(rows, ignore_conflicts=True)
    for row in rows:
        # So that people can adopt a name before anybody calls it.
        catalogue.discover(project_id=server.project_id, kind=Kind.TOOL_CALL, slug=f"{server.slug}/{row.name}")


def _note(server: McpServer, tool: McpTool, definition: ToolDefinition) -> None:
    """Keep a definition that is another one, and say so on the project's record, once."""
    with transaction.atomic():
        moved = McpTool.objects.filter(pk=tool.pk, seen=tool.seen).update(
            seen=definition.fingerprint, seen_definition=definition.text, changed_at=Now()
        )
        if moved:
            _record_tool(
                server,
                Actor(system="mcp gateway"),
                "mcp_tool.changed",
                tool.name,
                was=tool.seen,
                now=definition.fingerprint,
                payloads={"definition": definition.text.encode()},
            )


def _reach(server: McpServer, *, url: str, header: str, secret: str | None) -> None:
    try:
        addresses.read_url(url, allowed=allowed(), insecure=settings.INSECURE)
    except (MalformedAddress, ForbiddenAddress) as error:
        raise McpServerInvalid(str(error)) from error
    if bool(header) != bool(secret):
        raise McpServerInvalid("A secret needs the name of its header, and the header its secret.")
    if header and (not _HEADER.fullmatch(header) or _TAKEN.fullmatch(header)):
        raise McpServerInvalid(f"{header[:63]} cannot carry a secret.")
    if secret and not (secret.isascii() and secret.isprintable() and len(secret) <= 4000):
        raise McpServerInvalid("A secret is printable ASCII, at most 4000 characters.")
    server.url, server.header = url, header
    server.secret = encrypting.encrypt(secret, purpose=PURPOSE) if secret else None


def _record(server: McpServer, actor: Actor, type: str) -> None:
    members = {
        "mcp_server": server.slug,
        "host": urlsplit(server.url).netloc,
        "secret": server.secret is not None,
        "active": server.active,
    }
    record(
        project_id=server.project_id,
        actor=actor,
        type=type,
        members=members,
        payloads={"address": server.url.encode()},
    )


def _record_tool(
    server: McpServer,
    actor: Actor,
    type: str,
    name: str,
    *,
    was: str,
    now: str,
    payloads: Mapping[str, bytes] | None = None,
) -> None:
    record(
        project_id=server.project_id,
        actor=actor,
        type=type,
        members={"mcp_server": server.slug, "tool": name, "fingerprint": {"was": was, "now": now}},
        payloads=payloads or {},
    )
