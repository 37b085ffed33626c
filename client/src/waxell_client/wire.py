"""The wire: holds conversations over HTTP, in a thread or in an event loop."""

import asyncio
import json
import os
import threading
import time
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeVar

import httpx

from waxell_client.conversation import Conversation, Lost, Pause, Reply, Request
from waxell_client.settings import Settings
from waxell_client.tracing import trace_headers

Result = TypeVar("Result")

PREFIX: Final = "/api/v1"
LIMITS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=64)


@dataclass(slots=True)
class _LoopPool:
    """The connections of one event loop, closed by the last who uses them."""

    client: httpx.AsyncClient
    users: int = 0


class Wire:
    """The connections of one client: one pool for all threads, and one for each event loop while it is used.

    `transport` replaces the network: an httpx transport that is both sync and async.
    """

    def __init__(self, settings: Settings, transport: Any = None) -> None:
        self._settings = settings
        self._transport = transport
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._pool: httpx.Client | None = None
        self._options: dict[str, Any] | None = None
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopPool] = weakref.WeakKeyDictionary()

    def hold(self, conversation: Conversation[Result]) -> Result:
        """Hold a conversation in this thread."""
        pool = self._threads_pool()
        heard: Reply | Lost | None = None
        try:
            while True:
                wanted = conversation.send(heard)
                if isinstance(wanted, Pause):
                    time.sleep(wanted.seconds)
                    heard = None
                    continue
                try:
                    heard = _reply(pool.send(self._built(pool, wanted)))
                except httpx.RequestError as error:
                    heard = Lost(why=_why(error))
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        finally:
            conversation.close()

    async def ahold(self, conversation: Conversation[Result]) -> Result:
        """Hold a conversation in this event loop."""
        async with self.loop_pool() as pool:
            heard: Reply | Lost | None = None
            try:
                while True:
                    wanted = conversation.send(heard)
                    if isinstance(wanted, Pause):
                        await asyncio.sleep(wanted.seconds)
                        heard = None
                        continue
                    try:
                        heard = _reply(await pool.send(self._built(pool, wanted)))
                    except httpx.RequestError as error:
                        heard = Lost(why=_why(error))
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            finally:
                conversation.close()

    @asynccontextmanager
    async def loop_pool(self) -> AsyncIterator[httpx.AsyncClient]:
        """Keep the connections of the running event loop open for as long as somebody uses them."""
        loop = asyncio.get_running_loop()
        with self._lock:
            pool = self._loops.get(loop)
            if pool is None:
                pool = self._loops[loop] = _LoopPool(httpx.AsyncClient(**self._made()))
            pool.users += 1
        try:
            yield pool.client
        finally:
            with self._lock:
                pool.users -= 1
                unused = pool.users == 0
                if unused:
                    self._loops.pop(loop, None)
            if unused:
                await pool.client.aclose()

    def close(self) -> None:
        """Close the connections of all threads; the next call opens new ones."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _threads_pool(self) -> httpx.Client:
        with self._lock:
            if self._process != os.getpid():
                # After a fork the parent's connections are the parent's: two speakers on one would garble it.
                self._process, self._pool = os.getpid(), None
            if self._pool is None:
                self._pool = httpx.Client(**self._made())
            return self._pool

    def _made(self) -> dict[str, Any]:
        if self._options is None:
            self._options = {
                "base_url": self._settings.url + PREFIX,
                "headers": {"Authorization": f"Bearer {self._settings.api_key}", "User-Agent": "waxell-client"},
                "timeout": self._settings.request_timeout_seconds,
                "limits": LIMITS,
                # Made once: reading the certificates of a machine takes longer than a decision.
                **(
                    {"transport": self._transport}
                    if self._transport is not None
                    else {"verify": httpx.create_ssl_context()}
                ),
            }
        return self._options

    def _built(self, pool: httpx.Client | httpx.AsyncClient, request: Request) -> httpx.Request:
        headers = {**trace_headers(), **request.headers}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        return pool.build_request(request.method, request.path, content=request.body, headers=headers)


def _reply(response: httpx.Response) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    if response.status_code == 304:
        return Reply(status=304, headers=headers)
    try:
        body = json.loads(response.content, parse_float=Decimal)
    except ValueError:
        body = None
    understood = isinstance(body, dict)
    # What sends elsewhere has no document, and is an answer.
    return Reply(
        status=response.status_code,
        headers=headers,
        body=body if isinstance(body, dict) else {},
        understood=understood or response.is_redirect,
    )


def _why(error: httpx.RequestError) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
