"""What is written is read meanwhile, in bounded memory, and neither side outlives the other."""

import threading
from typing import BinaryIO

import pytest

from waxell.lib import piping
from waxell.lib.piping import CHUNK, WAITING_CHUNKS, ReaderGone, read_while_written


def test_everything_written_is_read_in_order() -> None:
    def write(file: BinaryIO) -> None:
        for number in range(100_000):
            file.write(b"%d\n" % number)

    assert b"".join(read_while_written(write)) == b"".join(b"%d\n" % number for number in range(100_000))


def test_a_refusal_rises_before_anything_is_read() -> None:
    def write(file: BinaryIO) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        next(read_while_written(write))


def test_a_fault_in_the_middle_rises_and_does_not_look_like_the_end() -> None:
    def write(file: BinaryIO) -> None:
        file.write(b"x" * CHUNK)
        raise ValueError("broken")

    chunks = read_while_written(write)

    assert next(chunks) == b"x" * CHUNK
    with pytest.raises(ValueError, match="broken"):
        next(chunks)


def test_a_writer_waits_for_its_reader_and_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piping, "LOOK_SECONDS", 0.01)
    written, ended = [], threading.Event()

    def write(file: BinaryIO) -> None:
        try:
            while True:
                file.write(b"x" * CHUNK)
                written.append(1)
        except ReaderGone:
            ended.set()
            raise

    chunks = read_while_written(write)
    next(chunks)
    chunks.close()

    assert ended.is_set()
    assert len(written) <= WAITING_CHUNKS + 3
