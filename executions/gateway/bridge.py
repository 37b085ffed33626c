"""The bridge: a server that speaks over its standard input and output, made reachable on this machine.

The gateway speaks streamable HTTP only. The bridge starts such a server and answers for it on
loopback, tools and nothing else; it ends when its server does, so that a supervisor starts both again.
Knows neither Django nor the database.
"""

import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import uvicorn
from mcp import Client, MCPError, StdioServerParameters
from mcp.server import Server, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import (
    CONNECTION_CLOSED,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
)
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

HOST: Final = "127.0.0.1"
SECURITY: Final = TransportSecuritySettings(allowed_hosts=[f"{HOST}:*", "localhost:*"])


class Bridge:
    """One server behind; whoever asks shares it."""

    def __init__(self, command: Sequence[str], *, environment: dict[str, str], secret: str | None) -> None:
        parameters = StdioServerParameters(command=command[0], args=list(command[1:]), env=environment or None)
        self._client = Client(parameters, cache=None)
        self._secret = secret
        self._web: uvicorn.Server | None = None
        self.broken = False
        server: Server[Any] = Server(
            "waxell-bridge",
            version="1",
            get_tool_input_schema=lambda name: None,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )
        self._sessions = StreamableHTTPSessionManager(server, stateless=True, security_settings=SECURITY)

    def serve(self, port: int) -> bool:
        """Answer on loopback until told to stop. Returns False where the server behind ended first."""
        app = Starlette(routes=[Mount("/", app=self)], lifespan=self._running)
        config = uvicorn.Config(
            app, host=HOST, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=2
        )
        self._web = uvicorn.Server(config)
        self._web.run()
        return self._web.started and not self.broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope["headers"]).get(b"authorization", b"")
        if self._secret and not hmac.compare_digest(given, b"Bearer " + self._secret.encode()):
            await PlainTextResponse("Unauthorized", status_code=401)(scope, receive, send)
        else:
            await self._sessions.handle_request(scope, receive, send)

    @asynccontextmanager
    async def _running(self, app: Starlette) -> AsyncIterator[None]:
        async with self._client, self._sessions.run():
            yield

    async def _list(
        self, context: ServerRequestContext[Any, Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        with self._watching():
            return await self._client.list_tools(cursor=params.cursor if params else None)

    async def _call(self, context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        with self._watching():
            return await self._client.call_tool(
                params.name, params.arguments, progress_callback=context.session.report_progress
            )

    def _watching(self) -> "_Watch":
        return _Watch(self)

    def end(self) -> None:
        """The server behind is gone: so are we."""
        self.broken = True
        if self._web is not None:
            self._web.should_exit = True


class _Watch:
    """Ends the bridge where a call finds that the server behind is gone."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, MCPError) and error.code == CONNECTION_CLOSED:
            self._bridge.end()
