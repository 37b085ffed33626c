"""Every way a process ends in good order: SIGTERM, the interpreter's exit, and a fork that must not end its parent's.

`kill -9` leaves nothing to do here: the lease runs out, and Waxell closes the record as interrupted.
"""

import atexit
import logging
import os
import signal
import threading
import weakref
from types import FrameType
from typing import Protocol

from waxell_client.answers import Ending
from waxell_client.course import Course
from waxell_client.errors import WaxellError

log = logging.getLogger("waxell_client")


class Closable(Protocol):
    """What is open, and how to close it when there is no time."""

    @property
    def course(self) -> Course: ...

    def close_in_a_hurry(self, why: str) -> None: ...


class Connections(Protocol):
    """What is to be closed after the last words were said."""

    def close(self) -> None: ...


_open: set[Closable] = set()
_connections: "weakref.WeakSet[Connections]" = weakref.WeakSet()
_lock = threading.Lock()


def watch(scope: Closable) -> None:
    """Close `scope` when this process ends, unless it is forgotten before."""
    with _lock:
        _open.add(scope)
    close_on_sigterm()


def forget(scope: Closable) -> None:
    """`scope` is closed, or nothing more can be done for it."""
    with _lock:
        _open.discard(scope)
        idle = not _open
    if idle and _in_main_thread() and signal.getsignal(signal.SIGTERM) is _leave:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def close_at_exit(connections: Connections) -> None:
    """Close `connections` when the interpreter ends, if they live that long."""
    _connections.add(connections)


def close_on_sigterm() -> None:
    """Let SIGTERM end this process by SystemExit, so that `with` blocks are left and records closed.

    Done by itself where an execution is opened in the main thread; a program that opens them only in
    other threads calls this first. A handler of the program's own stays.
    """
    if _in_main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    # Other threads hear of it at their next question; this one leaves its `with` block at once.
    for scope in list(_open):
        scope.course.hurry()
        scope.course.end(Ending(code="leaving", message="this process was told to end."))
    raise SystemExit(128 + number)


@atexit.register
def _close_all() -> None:
    with _lock:
        left = list(_open)
        _open.clear()
    for scope in left:
        try:
            scope.close_in_a_hurry("The program ended without closing it.")
        except WaxellError as error:
            log.warning("Execution %s stays open until its lease runs out: %s", scope.course.id, error)
    for connections in list(_connections):
        connections.close()


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _forget_all() -> None:
    # What the parent has open is the parent's to close.
    global _lock  # noqa: PLW0603 - another thread of the parent may have held it
    _lock = threading.Lock()
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
