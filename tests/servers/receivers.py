"""Receivers of messages on this machine: a webhook's, and a mail server that keeps what it is sent."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """One request: its path, its headers by lower-case name, its body."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Receiver:
    """A webhook. It answers `status` with `answer_headers`, after `open` is set, and keeps what came."""

    url: str = ""
    status: int = 204
    answer_headers: dict[str, str] = field(default_factory=dict)
    answer_body: bytes = b""
    drips: bool = False
    got: list[Got] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)

    @property
    def names(self) -> list[str]:
        """The ids of the messages that came, in order."""
        return [one.headers["webhook-id"] for one in self.got]

    def wait_for(self, count: int, seconds: float = 20) -> None:
        until = time.monotonic() + seconds
        while len(self.got) < count:
            assert time.monotonic() < until, f"only {len(self.got)} of {count} came"
            time.sleep(0.02)


@contextmanager
def receiving(**options: Any) -> Iterator[Receiver]:
    """Listen on a free port of this machine until the block ends."""
    receiver = Receiver(**options)
    receiver.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append(Got(path=self.path, headers=headers, body=body))
            receiver.arrived.set()
            receiver.open.wait(60)
            if receiver.drips:
                self._drip()
                return
            self.send_response(receiver.status)
            for name, value in {"Content-Length": str(len(receiver.answer_body)), **receiver.answer_headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(receiver.answer_body)

        def _drip(self) -> None:
            """Never finish the head of the answer, and never be silent for long either."""
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            for _ in range(200):
                time.sleep(0.05)
                self.wfile.write(b".")

        def handle(self) -> None:
            try:
                super().handle()
            except (BrokenPipeError, ConnectionResetError):
                """Whoever asked has gone."""

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        receiver.url = f"http://127.0.0.1:{server.server_port}/hooks/waxell"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.open.set()
            server.shutdown()
            thread.join()


@dataclass(slots=True, kw_only=True)
class Mailbox:
    """What a mail server took: envelope recipients and the mail, or refused with `refusal`."""

    port: int = 0
    refusal: str = ""
    got: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusal:
            return self.refusal
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.got.append((list(envelope.rcpt_tos), parsed))
        return "250 kept"


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Take mail on a free port of this machine until the block ends."""
    mailbox = Mailbox()
    controller = _Anywhere(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        mailbox.port = controller.server.sockets[0].getsockname()[1]
        yield mailbox
    finally:
        controller.stop()


class _Anywhere(Controller):
    """A controller that does not insist on knowing its port beforehand."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
