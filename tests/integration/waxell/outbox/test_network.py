"""Posts go to public addresses only, whatever a name means from one moment to the next, and end in time."""

import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.servers.receivers import Receiver, receiving
from waxell.outbox.domain.addresses import Allowed
from waxell.outbox.services.carriers import Arrived, NotCarried, posts

HERE = Allowed.parse(["127.0.0.1"])
NOWHERE = Allowed()


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Let names mean what a test says, one answer after the other; returns the names that were asked for."""

    def script(*answers: list[str]) -> list[str]:
        asked: list[str] = []
        real = socket.getaddrinfo

        def answer(host: Any, port: Any, *args: Any, **options: Any) -> Any:
            if not str(host).endswith(".example"):
                return real(host, port, *args, **options)
            asked.append(host)
            given = answers[min(len(asked), len(answers)) - 1]
            return [
                (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
                for one in given
            ]

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        return asked

    return script


def send(url: str, *, allowed: Allowed = HERE) -> Arrived:
    return posts.post(url, content=b"{}", headers={"webhook-id": "msg_1"}, allowed=allowed)


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_every_success_is_success(status: int) -> None:
    with receiving(status=status) as receiver:
        assert send(receiver.url) == Arrived(status=status)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with receiving() as elsewhere, receiving(status=status) as receiver:
        receiver.answer_headers = {"Location": elsewhere.url}
        with pytest.raises(NotCarried, match="redirects are not followed"):
            send(receiver.url)
        assert elsewhere.got == []


def test_a_private_address_is_not_connected_to(receiver: Receiver) -> None:
    with pytest.raises(NotCarried, match="private or reserved"):
        send(receiver.url, allowed=NOWHERE)
    assert receiver.got == []


@pytest.mark.parametrize(
    "answer", [["127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["::1"], ["169.254.169.254"], ["10.0.0.8"]]
)
def test_a_name_that_means_a_private_address_leads_nowhere(
    receiver: Receiver, resolving: Callable[..., list[str]], answer: list[str]
) -> None:
    resolving(answer)
    with pytest.raises(NotCarried, match=r"^hooks\.example: .* private or reserved"):
        send(receiver.url.replace("127.0.0.1", "hooks.example"), allowed=NOWHERE)
    assert receiver.got == []


def test_a_name_is_asked_for_once_so_rebinding_it_changes_nothing(resolving: Callable[..., list[str]]) -> None:
    """The first answer is judged and used; a second one, which would be private, is never asked for."""
    with receiving() as receiver, receiving() as inside:
        asked = resolving(["127.0.0.1"], ["127.0.0.2"])
        port = receiver.url.split(":")[2]
        assert send(f"http://hooks.example:{port}", allowed=Allowed.parse(["127.0.0.1"])).status == 204
        assert asked == ["hooks.example"]
        assert receiver.got[0].headers["host"].startswith("hooks.example")
        assert inside.got == []


def test_a_name_in_the_settings_may_be_private(receiver: Receiver, resolving: Callable[..., list[str]]) -> None:
    resolving(["127.0.0.1"])
    url = receiver.url.replace("127.0.0.1", "hooks.example")
    assert send(url, allowed=Allowed.parse(["hooks.example"])).status == 204


def test_of_several_addresses_the_next_is_tried(receiver: Receiver, resolving: Callable[..., list[str]]) -> None:
    resolving(["127.0.0.9", "127.0.0.1"])
    url = receiver.url.replace("127.0.0.1", "hooks.example")
    assert send(url, allowed=Allowed.parse(["127.0.0.0/8"])).status == 204


def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send(receiver.url).status == 204


def test_an_answer_that_never_ends_ends_with_the_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posts, "SECONDS", 1.0)
    with receiving(drips=True) as receiver:
        began = time.monotonic()
        with pytest.raises(NotCarried, match="No answer within"):
            send(receiver.url)
        assert time.monotonic() - began < 3


def test_a_large_answer_is_not_read() -> None:
    with receiving(answer_body=b"x" * 50_000_000, status=200) as receiver:
        began = time.monotonic()
        assert send(receiver.url).status == 200
        assert time.monotonic() - began < 3


def test_nobody_there_is_said_in_words() -> None:
    with pytest.raises(NotCarried, match="The connection failed"):
        send("http://127.0.0.1:1/")


def test_a_name_without_an_address_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(NotCarried, match="cannot be resolved"):
        send("https://hooks.example/", allowed=NOWHERE)


def test_the_certificate_must_be_the_names(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS is spoken under the URL's name, though the connection goes to an address."""
    asked: list[str | None] = []

    def wrap(self: ssl.SSLContext, sock: Any, *args: Any, server_hostname: str | None = None, **options: Any) -> Any:
        asked.append(server_hostname)
        raise ssl.SSLError("enough")

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", wrap)
    with pytest.raises(NotCarried):
        send(receiver.url.replace("http://127.0.0.1", "https://localhost"), allowed=Allowed.parse(["localhost"]))
    assert asked == ["localhost"]
