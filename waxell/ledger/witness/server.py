"""A witness over HTTP (C2SP tlog-witness): `POST /add-checkpoint`, `GET /<origin hash>/checkpoint`."""

import logging
import re
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any, Final

from waxell.ledger.domain.checkpoints import MalformedCheckpoint
from waxell.ledger.domain.witnessing import SIZE_TYPE, MalformedSubmission, OtherSize, Refused
from waxell.ledger.witness.witness import Witness

logger = logging.getLogger(__name__)

MAX_BODY: Final = 64 * 1024
"""63 hashes and a checkpoint with a hundred signatures fit."""

MOST_CONNECTIONS: Final = 64
SILENCE_SECONDS: Final = 15.0
TEXT: Final = "text/plain; charset=utf-8"
_HEAD: Final = re.compile(r"/([0-9a-f]{64})/checkpoint", re.ASCII)


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness; a connection more than MOST_CONNECTIONS waits until another ends."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        super().__init__(address, _Answers)
        self.witness = witness
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._room.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        logger.info("a connection ended early", exc_info=True)


class _Answers(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"
    server_version = "waxell-witness"
    sys_version = ""
    timeout = SILENCE_SECONDS

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        if self.path != "/add-checkpoint":
            self._answer(HTTPStatus.NOT_FOUND, "There is nothing here.\n")
            return
        try:
            line = self.server.witness.add_checkpoint(body)
        except OtherSize as error:
            self._answer(error.status, str(error), SIZE_TYPE)
        except Refused as error:
            logger.warning("refused with %s: %s", error.status, str(error).strip())
            self._answer(error.status, str(error))
        except MalformedSubmission as error:
            self._answer(HTTPStatus.BAD_REQUEST, f"{error}\n")
        except (OSError, MalformedCheckpoint):
            # Nothing is cosigned that is not kept.
            logger.exception("the store failed")
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, "The witness cannot keep what it sees.\n")
        else:
            self._answer(HTTPStatus.OK, line)

    def do_GET(self) -> None:
        found = _HEAD.fullmatch(self.path)
        note = self.server.witness.store.note(found[1]) if found else None
        if note is None:
            self._answer(HTTPStatus.NOT_FOUND, "There is nothing here.\n")
        else:
            self._answer(HTTPStatus.OK, note)

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)

    def _body(self) -> bytes | None:
        """Read the body; None where the request was answered already."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()):
            self.close_connection = True
            self._answer(HTTPStatus.LENGTH_REQUIRED, "Say how long the body is.\n")
            return None
        if len(length) > 9 or int(length) > MAX_BODY:
            self.close_connection = True
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A submission has at most {MAX_BODY} bytes.\n")
            return None
        return self.rfile.read(int(length))

    def _answer(self, status: int, text: str, content_type: str = TEXT) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
