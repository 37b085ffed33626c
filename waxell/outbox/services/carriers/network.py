"""Connections to public addresses only, within a bounded time.

The name is resolved once, every address it has is judged, and the connection goes to one of those
that were judged: a name that means something else a moment later (DNS rebinding) leads nowhere new.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any

from httpcore2 import ConnectError, ConnectTimeout, NetworkBackend, NetworkStream, ReadTimeout, SyncBackend

from waxell.outbox.domain import addresses
from waxell.outbox.domain.addresses import Address, Allowed, ForbiddenAddress


class PublicNetwork(NetworkBackend):
    """A way into the network for one request, which ends at the monotonic time `until`."""

    def __init__(self, *, allowed: Allowed, until: float) -> None:
        self._allowed = allowed
        self._until = until
        self._inner = SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        """Connect to one of the host's addresses. Raises ForbiddenAddress, ConnectError, ConnectTimeout."""
        failure: Exception = ConnectError(f"{host} has no address.")
        for address in self._judged(host, port):
            try:
                stream = self._inner.connect_tcp(str(address), port, timeout=_left(self._until, timeout))
            except (ConnectError, ConnectTimeout) as error:
                failure = error
            else:
                return _BoundedStream(stream, self._until)
        raise failure

    def _judged(self, host: str, port: int) -> list[Address]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ConnectError(f"{host} cannot be resolved.") from error
        resolved = [ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found]
        if not self._allowed.names(host):
            # One bad address is enough: which of them is used must not be a matter of luck.
            for address in resolved:
                try:
                    addresses.check_public(address, allowed=self._allowed)
                except ForbiddenAddress as error:
                    raise ForbiddenAddress(f"{host}: {error}") from error
        return list(dict.fromkeys(resolved))


class _BoundedStream(NetworkStream):
    """A stream that ends with the request's time, however slowly the other side drips."""

    def __init__(self, inner: NetworkStream, until: float) -> None:
        self._inner = inner
        self._until = until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._until, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._until, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, _left(self._until, timeout))
        return _BoundedStream(inner, self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(until: float, timeout: float | None) -> float:
    """Return the smaller of a time-out and what is left. Raises ReadTimeout where nothing is."""
    left = until - time.monotonic()
    if left <= 0:
        raise ReadTimeout("The time for this request is over.")
    return left if timeout is None else min(left, timeout)
