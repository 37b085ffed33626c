"""The MCP servers of a project, with what their tools are."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from governance.models import McpServer, McpTool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A tool; where its definition changed, what it was and what it would be, as one reads it."""

    tool: McpTool
    was: str
    now: str

    @property
    def fingerprint(self) -> str:
        """As much of the digest as people compare."""
        return self.tool.seen.removeprefix("sha256:")[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A server and its tools, by name."""

    server: McpServer
    tools: tuple[Shown, ...]


def listed(project_id: UUID) -> tuple[Listed, ...]:
    """Return the servers of a project by their slugs."""
    servers = list(McpServer.objects.filter(project=project_id).order_by("slug"))
    tools: dict[UUID, list[Shown]] = {server.pk: [] for server in servers}
    for tool in McpTool.objects.filter(server__in=servers).order_by("name"):
        tools[tool.server_id].append(_shown(tool))
    return tuple(Listed(server=server, tools=tuple(tools[server.pk])) for server in servers)


def _shown(tool: McpTool) -> Shown:
    if not tool.changed:
        return Shown(tool=tool, was="", now="")
    return Shown(tool=tool, was=_read(tool.accepted_definition), now=_read(tool.seen_definition))


def _read(definition: str) -> str:
    told: Any = orjson.loads(definition)
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
