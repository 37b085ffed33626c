"""The server behind: connections to it, what tools it has, calling one of them.

Nothing of the caller's goes there but the call: no header, no credential, no name.
"""

import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import anyio
from anyio.abc import TaskGroup, TaskStatus
from django.conf import settings
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CONNECTION_CLOSED, INVALID_REQUEST, REQUEST_TIMEOUT, CallToolResult, Implementation, Tool

from executions.gateway import network, threads
from governance.domain.facts import Definition
from governance.domain.tool_definitions import ToolDefinition, define
from governance.models import McpServer
from governance.services import mcp_servers
from waxell.lib.encrypting import Unreadable

log = logging.getLogger(__name__)

FRESH_SECONDS: Final = 5.0
"""For so long calls rely on the last look at a server's tools. A client's own look is always a new one."""
MOST_PAGES: Final = 100
LIST_SECONDS: Final = 30.0


class ServerUnreachable(Exception):
    """The tool's server does not answer."""


class CallFailed(Exception):
    """The server answered with an error of the protocol; the text is its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A tool as its server shows it, its definition, and what rules are told of that."""

    tool: Tool
    definition: ToolDefinition
    known: Definition


@asynccontextmanager
async def _connected(server: McpServer) -> AsyncIterator[Client]:
    """Open a connection for as long as the block lasts. Raises ServerUnreachable."""
    try:
        headers = mcp_servers.headers(server)
    except Unreadable as error:
        raise ServerUnreachable("The secret for this server cannot be read: give it again.") from error
    http = network.client(
        allowed=mcp_servers.allowed(), headers=headers, read_seconds=settings.WAXELL_MCP_CALL_SECONDS + 5
    )
    opened = False
    try:
        async with http, Client(_transport(server, http), cache=None, client_info=_OURSELVES) as client:
            opened = True
            yield client
    except Exception as error:
        if opened:
            raise
        log.warning("%s: no connection: %r", server.slug, error)
        raise ServerUnreachable(str(ServerUnreachable.__doc__)) from error


class Link:
    """A connection to the server behind, open until it is closed or breaks.

    A session keeps one between its calls: some servers keep things in it.
    """

    def __init__(self, server: McpServer, tasks: TaskGroup) -> None:
        self._server = server
        self._tasks = tasks
        self._client: Client | None = None
        self._enough = anyio.Event()
        self._opening = anyio.Lock()

    async def client(self) -> Client:
        """Return the open connection, opened anew where it was lost. Raises ServerUnreachable."""
        async with self._opening:
            if self._client is None:
                self._enough = anyio.Event()
                self._client = await self._tasks.start(self._hold, self._enough)
            return self._client

    def close(self) -> None:
        self._enough.set()
        self._client = None

    async def _hold(self, enough: anyio.Event, *, task_status: TaskStatus[Client]) -> None:
        """A connection's scopes belong to one task: this one, whoever uses it."""
        opened = False
        try:
            async with _connected(self._server) as client:
                opened = True
                task_status.started(client)
                await enough.wait()
        except Exception as error:
            if not opened:
                raise
            log.warning("%s: the connection broke: %r", self._server.slug, error)
        finally:
            if self._enough is enough:
                self._client = None


@dataclass(slots=True, kw_only=True)
class Looks:
    """What the servers showed last, by server, and when (monotonic seconds)."""

    last: dict[UUID, tuple[float, dict[str, tuple[Tool, ToolDefinition]]]] = field(default_factory=dict)

    async def look(self, server: McpServer, client: Client, *, anew: bool) -> dict[str, Shown]:
        """Return the tools of a server, by name, in its order. Raises ServerUnreachable, CallFailed."""
        at, tools = self.last.get(server.pk, (0.0, {}))
        if anew or time.monotonic() - at > FRESH_SECONDS:
            tools = await _listed(client)
            self.last[server.pk] = (time.monotonic(), tools)
        definitions = [definition for _, definition in tools.values()]
        # Also what was listed a moment ago is compared now: a person may have accepted it.
        known = await threads.run(lambda: mcp_servers.notice(server, definitions))
        return {
            name: Shown(tool=tool, definition=definition, known=known[name])
            for name, (tool, definition) in tools.items()
        }


async def call(client: Client, name: str, arguments: dict[str, Any], **options: Any) -> CallToolResult:
    """Call a tool. Raises CallFailed for an error of the protocol, ServerUnreachable where nothing answers."""
    with _failures():
        return await client.call_tool(name, arguments, read_timeout_seconds=settings.WAXELL_MCP_CALL_SECONDS, **options)


async def _listed(client: Client) -> dict[str, tuple[Tool, ToolDefinition]]:
    found: dict[str, tuple[Tool, ToolDefinition]] = {}
    cursor: str | None = None
    with _failures(), anyio.fail_after(LIST_SECONDS):
        for _ in range(MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            for tool in page.tools:
                definition = define(name=tool.name, description=tool.description, input_schema=tool.input_schema)
                if definition is None:
                    log.warning("A tool was left out: its name or definition cannot be used: %r", tool.name[:80])
                else:
                    found[tool.name] = (tool, definition)
            cursor = page.next_cursor
            if cursor is None:
                break
    return found


@contextmanager
def _failures() -> Iterator[None]:
    """Tell the SDK's failures apart: an answer that is an error, or no answer."""
    try:
        yield
    except Exception as error:
        if isinstance(error, MCPError) and error.code not in _SILENCE:
            raise CallFailed(error.message[:2000]) from error
        log.warning("The server behind failed: %r", error)
        raise ServerUnreachable(str(ServerUnreachable.__doc__)) from error


def _transport(server: McpServer, http: Any) -> Any:
    return streamable_http_client(server.url, http_client=http)


# What the SDK says where nothing was heard of a server, and where the server has forgotten the session.
_SILENCE: Final = frozenset({CONNECTION_CLOSED, REQUEST_TIMEOUT, INVALID_REQUEST})
_OURSELVES: Final = Implementation(name="waxell-gateway", version="1")
