"""A process for one attempt, so that it can be stopped by a signal whatever its code is doing.

It is forked, not started afresh: the worker has everything imported, and a start costs milliseconds.
"""

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from django.db import connections

from executions.runner.signals import stop_signal
from waxell.local.lowering import die_with_parent

logger = logging.getLogger(__name__)

CRASHED: Final = 70
GRACE_SECONDS: Final = 5.0
SHORTEST_GLANCE_SECONDS: Final = 0.01


@dataclass(slots=True, kw_only=True)
class Child:
    """A running child; `status` is its exit status once it is over, negative for a signal."""

    pid: int
    status: int | None = None

    def wait(self, seconds: float) -> int | None:
        """Wait at most `seconds` for the end; returns the status, or None while it goes on."""
        until = time.monotonic() + seconds
        pause = SHORTEST_GLANCE_SECONDS
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif (left := until - time.monotonic()) <= 0:
                break
            else:
                time.sleep(min(pause, left))
                pause = min(pause * 2, 0.1)
        return self.status

    def stop(self) -> int:
        """SIGTERM, and after five seconds SIGKILL, to it and to whatever it started."""
        for number, patience in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, GRACE_SECONDS)):
            self._signal(number)
            # Whoever is paused hears nothing, and may have something to tell before it ends.
            self._signal(signal.SIGCONT)
            if self.wait(patience) is not None:
                break
        # Its own children may have outlived it.
        self._signal(signal.SIGKILL)
        return CRASHED if self.status is None else self.status

    def tell(self, number: signal.Signals) -> None:
        """Send a signal that the child listens for to it alone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def fork(target: Callable[[], int]) -> Child:
    """Start a process that calls `target` and ends with the status it returns."""
    # A connection cannot be shared: both sides open their own.
    connections.close_all()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _run(target, parent)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        # Both sides do it, so that neither has to wait for the other.
        os.setpgid(pid, pid)
    return Child(pid=pid)


def _run(target: Callable[[], int], parent: int) -> NoReturn:
    status = CRASHED
    try:
        os.setpgid(0, 0)
        stop_signal.listen()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        die_with_parent(signal.SIGKILL)
        if os.getppid() == parent:
            status = target()
    except BaseException:
        logger.exception("an attempt ended unexpectedly")
    finally:
        # Not sys.exit: nothing that the worker registered for its own end may happen here.
        for handler in logging.getLogger().handlers:
            handler.flush()
        os._exit(status)
