"""How an attempt's process is asked to stop: at once in what a workflow does, never in the middle of telling.

A stop that came while a result is on its way to the gate would lose it, though what it tells of has
happened. Such a stop waits until the gate has answered.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from executions.runner.interruptions import StoppedBySignal


class StopSignal:
    """SIGTERM in this process, as a StoppedBySignal in its main thread."""

    def __init__(self) -> None:
        self._asked = False
        self._deferred = False

    def listen(self) -> None:
        """From now on SIGTERM raises StoppedBySignal wherever it is not deferred."""
        self._asked = self._deferred = False
        signal.signal(signal.SIGTERM, self._arrive)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """A stop inside the block is raised at its end, or in an `allowed` block inside it."""
        before, self._deferred = self._deferred, True
        try:
            yield
        finally:
            self._deferred = before
        self._check()

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """A stop is raised at once again, also one that came before the block."""
        before, self._deferred = self._deferred, False
        try:
            self._check()
            yield
        finally:
            self._deferred = before

    def _check(self) -> None:
        if self._asked and not self._deferred:
            raise StoppedBySignal()

    def _arrive(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        self._check()


stop_signal: Final = StopSignal()
