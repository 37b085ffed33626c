"""A cable to a server that can be cut, mended, and lose answers on the way back."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

CHUNK = 65_536


class Cable:
    """Forwards TCP connections to the server at `target`; `url` is the address of its near end."""

    def __init__(self, target: str) -> None:
        there = urlsplit(target)
        self._there = (there.hostname or "", there.port or 80)
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._whole = True
        self._to_lose = 0
        self.lost = 0
        self.last_answer = b""
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def cut(self) -> None:
        """Break every connection, and each new one at once."""
        with self._lock:
            self._whole = False
            for end in self._open:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        with self._lock:
            self._whole = True

    def lose_answers(self, number: int) -> None:
        """Let the next requests arrive, and break their connections before the answers come back."""
        with self._lock:
            self._to_lose = number

    def serve(self) -> None:
        """Forward until `close`."""
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(near,), daemon=True).start()

    def close(self) -> None:
        self.cut()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _forward(self, near: socket.socket) -> None:
        with near:
            if not self._whole:
                return
            with socket.create_connection(self._there) as far:
                with self._lock:
                    self._open |= {near, far}
                try:
                    with suppress(OSError):
                        self._pump(near, far)
                finally:
                    with self._lock:
                        self._open -= {near, far}

    def _pump(self, near: socket.socket, far: socket.socket) -> None:
        while self._whole:
            readable, _, _ = select.select([near, far], [], [])
            for end in readable:
                data = end.recv(CHUNK)
                if not data or (end is far and self._loses()):
                    return
                (near if end is far else far).sendall(data)
                if end is far:
                    self.last_answer = data

    def _loses(self) -> bool:
        with self._lock:
            if self._to_lose == 0:
                return False
            self._to_lose -= 1
            self.lost += 1
            return True


@contextmanager
def lay(target: str) -> Iterator[Cable]:
    """A cable to `target` until the block ends."""
    cable = Cable(target)
    thread = threading.Thread(target=cable.serve)
    thread.start()
    try:
        yield cable
    finally:
        cable.close()
        thread.join()
