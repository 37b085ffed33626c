"""Reading what a function writes while it still writes, in bounded memory."""

import queue
import threading
from collections.abc import Callable, Generator
from typing import BinaryIO, Final, cast

from django.db import connections

CHUNK: Final = 64 * 1024
WAITING_CHUNKS: Final = 16
"""Chunks that wait for a slow reader before the writer has to."""

LOOK_SECONDS: Final = 1.0


class ReaderGone(Exception):
    """Nobody reads any more; raised in the writer."""


class _Pipe:
    """What `write` needs of a file: gathers what is written into chunks and hands them to another thread."""

    def __init__(self) -> None:
        self.chunks: queue.Queue[bytes | BaseException | None] = queue.Queue(WAITING_CHUNKS)
        self.gone = threading.Event()
        self._gathered = bytearray()

    def write(self, content: bytes) -> int:
        self._gathered += content
        if len(self._gathered) >= CHUNK:
            self.flush()
        return len(content)

    def flush(self) -> None:
        if self._gathered:
            self.hand(bytes(self._gathered))
            self._gathered.clear()

    def hand(self, item: bytes | BaseException | None) -> None:
        """Wait for room. Raises ReaderGone."""
        while not self.gone.is_set():
            try:
                return self.chunks.put(item, timeout=LOOK_SECONDS)
            except queue.Full:
                continue
        raise ReaderGone


def read_while_written(write: Callable[[BinaryIO], object]) -> Generator[bytes]:
    """Yield chunks of what `write` writes to the file it is given.

    `write` runs in a thread with database connections of its own. What it raises rises here, so
    that who takes the first chunk learns of a refusal before anything was sent. Closing the
    iterator ends it.
    """
    pipe = _Pipe()
    thread = threading.Thread(target=_run, args=(write, pipe), name="piping", daemon=True)
    thread.start()
    try:
        while (item := pipe.chunks.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        pipe.gone.set()
        # Its database connection is given back before the answer counts as sent.
        thread.join()


def _run(write: Callable[[BinaryIO], object], pipe: _Pipe) -> None:
    try:
        try:
            write(cast(BinaryIO, pipe))
            pipe.flush()
        except ReaderGone:
            raise
        except BaseException as error:
            pipe.hand(error)
        else:
            pipe.hand(None)
    except ReaderGone:
        return
    finally:
        connections.close_all()
