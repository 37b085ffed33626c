"""Connections to tool servers: to the addresses that the settings allow, and to those that were judged."""

import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from functools import cache
from typing import Any, Final, cast

import anyio
import httpx2
from httpcore2 import AnyIOBackend, AsyncConnectionPool, AsyncNetworkBackend, AsyncNetworkStream, ConnectError
from httpcore2 import ConnectTimeout as CoreConnectTimeout

from waxell.outbox.domain import addresses
from waxell.outbox.domain.addresses import Address, Allowed, ForbiddenAddress

CONNECT_SECONDS: Final = 10.0
MOST_BYTES: Final = 32 << 20
"""Of one answer; a model reads far less."""


class JudgedNetwork(AsyncNetworkBackend):
    """A way into the network that resolves a name once, judges every address and uses one of these."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._inner = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to one of the host's addresses. Raises ConnectError, ConnectTimeout."""
        failure: Exception = ConnectError(f"{host} has no address.")
        for address in await self._judged(host, port):
            try:
                return await self._inner.connect_tcp(str(address), port, timeout=timeout)
            except (ConnectError, CoreConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)

    async def _judged(self, host: str, port: int) -> list[Address]:
        try:
            found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ConnectError(f"{host} cannot be resolved.") from error
        resolved = [ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found]
        if not self._allowed.names(host):
            # One bad address is enough: which of them is used must not be a matter of luck.
            for address in resolved:
                try:
                    addresses.check_public(address, allowed=self._allowed)
                except ForbiddenAddress as error:
                    raise ConnectError(f"{host}: {error}") from error
        return list(dict.fromkeys(resolved))


class ServerSaysTooMuch(httpx2.ReadError):
    """The server behind answers with more than anybody reads."""


class _Bounded(httpx2.AsyncByteStream):
    """The body of an answer, up to MOST_BYTES."""

    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MOST_BYTES
        async for part in self._inner:
            left -= len(part)
            if left < 0:
                raise ServerSaysTooMuch(str(ServerSaysTooMuch.__doc__))
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


class _JudgedTransport(httpx2.AsyncHTTPTransport):
    """httpx's own transport on such connections. Proxies of the environment are not asked."""

    def __init__(self, allowed: Allowed) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        self._pool = AsyncConnectionPool(
            ssl_context=_tls(), network_backend=JudgedNetwork(allowed), max_connections=20, keepalive_expiry=5.0
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        return httpx2.Response(
            status_code=answer.status_code,
            headers=answer.headers,
            stream=_Bounded(cast("httpx2.AsyncByteStream", answer.stream)),
            extensions=answer.extensions,
        )


def client(*, allowed: Allowed, headers: dict[str, str], read_seconds: float) -> httpx2.AsyncClient:
    """Return an HTTP client that carries `headers`, follows nothing by itself and waits so long for a byte."""
    return httpx2.AsyncClient(
        transport=_JudgedTransport(allowed),
        headers=headers,
        timeout=httpx2.Timeout(CONNECT_SECONDS, read=read_seconds),
        trust_env=False,
    )


@cache
def _tls() -> ssl.SSLContext:
    # Reading the certificates takes longer than a call does.
    return httpx2.create_ssl_context(trust_env=False)
