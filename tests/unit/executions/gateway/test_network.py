"""Where the gateway connects to: judged addresses only, whatever a name means a moment later."""

import socket
from collections.abc import Iterator

import anyio
import httpx2
import pytest

from executions.gateway import network
from waxell.outbox.domain.addresses import Allowed


@pytest.fixture
def somebody() -> Iterator[int]:
    """The port of somebody who listens on loopback and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def get(url: str, allow: list[str]) -> httpx2.Response:
    async def asked() -> httpx2.Response:
        async with network.client(allowed=Allowed.parse(allow), headers={}, read_seconds=0.2) as http:
            return await http.get(url)

    return anyio.run(asked)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "[::ffff:127.0.0.1]"])
def test_private_addresses_are_not_connected_to(somebody: int, host: str) -> None:
    with pytest.raises(httpx2.ConnectError, match="private or reserved"):
        get(f"http://{host}:{somebody}/", [])


@pytest.mark.parametrize("allow", ["127.0.0.1", "127.0.0.0/8", "localhost"])
def test_what_the_settings_name_is_connected_to(somebody: int, allow: str) -> None:
    host = "localhost" if allow == "localhost" else "127.0.0.1"
    with pytest.raises(httpx2.ReadTimeout):
        get(f"http://{host}:{somebody}/", [allow])


def test_one_private_address_among_several_is_enough(somebody: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def found(host: str, port: int, **options: object) -> list:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port)) for address in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(anyio, "getaddrinfo", found)
    with pytest.raises(httpx2.ConnectError, match=r"10\.0\.0\.1"):
        get(f"http://tools.example:{somebody}/", [])


def test_an_answer_without_an_end_is_not_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "MOST_BYTES", 1000)

    async def asked() -> None:
        async def talk(stream: anyio.abc.SocketStream) -> None:
            async with stream:
                await stream.receive()
                await stream.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + b"x" * 2000)
                await stream.receive()

        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 (a socket, no model)
        async with listener, anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, talk)
            allowed = Allowed.parse(["127.0.0.1"])
            async with network.client(allowed=allowed, headers={}, read_seconds=5) as http:
                with pytest.raises(network.ServerSaysTooMuch):
                    await http.get(f"http://127.0.0.1:{port}/")
            tasks.cancel_scope.cancel()

    anyio.run(asked)
