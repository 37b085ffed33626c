"""The gateway as an ASGI application: `/mcp/{server}/` for clients, `/healthz` for whoever starts it."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import anyio
from anyio.abc import TaskGroup
from django.conf import settings
from django.db import OperationalError
from mcp import MCPError
from mcp.server import Server, ServerRequestContext
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import (
    INTERNAL_ERROR,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from executions.gateway import entrance, threads
from executions.gateway.behind import CallFailed, Link, Looks, ServerUnreachable
from executions.gateway.calls import Call
from executions.gateway.entrance import Visitor
from executions.gateway.sessions import Session
from waxell.lib import json_strict, problems
from waxell.lib.errors import DomainError, NotFound, Unavailable

log = logging.getLogger(__name__)

VISITOR: Final = "waxell.visitor"
SESSION: Final = "waxell.session"


class Gateway:
    """One process's sessions, and what it remembers of the servers behind."""

    def __init__(self) -> None:
        self._looks = Looks()
        self._tasks: TaskGroup | None = None
        self._server: Server[Any] = Server(
            "waxell",
            version="1",
            # The server behind validates its own headers; asking it for its tools before each call costs a call.
            get_tool_input_schema=lambda name: None,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )
        self._sessions = StreamableHTTPSessionManager(
            self._server,
            session_idle_timeout=settings.WAXELL_MCP_SESSION_SECONDS,
            max_request_body_size=json_strict.MAX_BYTES,
            max_sessions=MOST_SESSIONS,
        )

    @asynccontextmanager
    async def running(self, app: Starlette) -> AsyncIterator[None]:
        """Serve for as long as the block lasts; every session ends with it."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            async with self._sessions.run():
                yield
            tasks.cancel_scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            entrance.check_place(headers, scheme=scope["scheme"])
            slug = entrance.server_slug(scope["path"])
            if slug is None:
                raise NotFound()
            visitor = await threads.run(lambda: entrance.admit(headers, slug))
        except OperationalError:
            log.exception("No database")
            await _told(Unavailable())(scope, receive, send)
        except DomainError as error:
            await _told(error)(scope, receive, send)
        else:
            scope[VISITOR] = visitor
            # The SDK gives a session only to whom it was opened for.
            scope["user"] = AuthenticatedUser(AccessToken(token="", client_id=visitor.identity, scopes=[]))
            await self._sessions.handle_request(scope, receive, send)

    async def _list(
        self, context: ServerRequestContext[Any, Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        visitor, session = self._visit(context)
        link = session.link if session else Link(visitor.server, self._running())
        try:
            shown = await self._looks.look(visitor.server, await link.client(), anew=True)
        except (ServerUnreachable, CallFailed) as error:
            link.close()
            raise MCPError(INTERNAL_ERROR, str(error)) from error
        finally:
            if session is None:
                link.close()
        return ListToolsResult(tools=[one.tool for one in shown.values()])

    async def _call(self, context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        visitor, session = self._visit(context)
        call = Call(
            visitor=visitor,
            session=session,
            looks=self._looks,
            tasks=self._running(),
            name=params.name,
            arguments=params.arguments or {},
            request=repr(context.request_id),
            progress=context.session.report_progress,
        )
        return await call.answer()

    def _running(self) -> TaskGroup:
        if self._tasks is None:
            raise RuntimeError("No request comes before the lifespan.")
        return self._tasks

    def _visit(self, context: ServerRequestContext[Any, Any]) -> tuple[Visitor, Session | None]:
        """Who asks, and their session where the client keeps one."""
        request = cast("Request", context.request)
        visitor: Visitor = request.scope[VISITOR]
        # What lasts as long as a session the SDK keeps here, and it offers no other way to it.
        connection = context.session._connection
        if connection.session_id is None:
            return visitor, None
        session: Session | None = connection.state.get(SESSION)
        if session is None:
            tasks = self._running()
            link = Link(visitor.server, tasks)
            session = Session(id=connection.session_id, visitor=visitor, link=link, tasks=tasks)
            connection.state[SESSION] = session
            connection.exit_stack.push_async_callback(session.end)
        return visitor, session


MOST_SESSIONS: Final = 2_000


async def _healthy(request: Any) -> Response:
    return Response("ok", media_type="text/plain")


def _told(error: DomainError) -> Response:
    answer = problems.problem_response(error)
    return Response(answer.content, status_code=answer.status_code, headers=dict(answer.items()))


def make() -> Starlette:
    """Return a new gateway, not serving yet."""
    gateway = Gateway()
    return Starlette(
        routes=[Route("/healthz", _healthy), Mount("/", app=gateway)],
        lifespan=gateway.running,
    )
