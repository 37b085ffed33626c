"""A running execution of this process: its course, and what carries it; which one the running code belongs to."""

import logging
import os
from contextvars import ContextVar, Token
from dataclasses import dataclass, field

from waxell_client import endings
from waxell_client.conversation import Conversation
from waxell_client.course import HURRIED, Course
from waxell_client.errors import NoExecution, WaxellError
from waxell_client.heart import Heart
from waxell_client.settling import close
from waxell_client.wire import Wire

log = logging.getLogger("waxell_client")
_current: ContextVar["Scope | None"] = ContextVar("waxell_execution", default=None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scope:
    """A course, the wire it is held on, and the heart that beats for it."""

    course: Course
    wire: Wire
    heart: Heart
    process: int = field(default_factory=os.getpid)

    @property
    def is_inherited(self) -> bool:
        """Whether another process opened this, and will close it: this one is its fork."""
        return self.process != os.getpid()

    def open(self) -> None:
        """From here on heartbeats are sent and whatever ends this process closes the record."""
        endings.watch(self)
        self.heart.keep(self.course)

    def leave(self) -> None:
        """Nothing more is to be done for it."""
        self.heart.drop(self.course)
        endings.forget(self)

    def abandon(self) -> None:
        """It was interrupted before its block began: nobody will drive it. Blocks for a few seconds at most."""
        try:
            self.close_in_a_hurry("The program was interrupted before it began.")
        except WaxellError as error:
            log.warning("Execution %s stays open until its lease runs out: %s", self.course.id, error)

    def close_in_a_hurry(self, why: str) -> None:
        """Close the record as the process ends. Raises WaxellError."""
        self.course.hurry()
        self.wire.hold(self._last_words(why))

    def _last_words(self, why: str) -> Conversation[None]:
        yield from close(self.course, outcome="failed", error={"message": why}, patience=HURRIED)


def current() -> Scope:
    """The scope that the running code belongs to. Raises NoExecution."""
    found = _current.get()
    if found is None:
        raise NoExecution(
            "This belongs inside `with execution(…):`, and none is open here: nobody was asked, nothing was done. "
            "A thread of your own does not know of it: start it through contextvars.copy_context().run."
        )
    return found


def current_or_none() -> Scope | None:
    """The scope that the running code belongs to, if there is one."""
    return _current.get()


def enter(scope: Scope) -> Token["Scope | None"]:
    """Let the code that runs from here belong to `scope`."""
    return _current.set(scope)


def restore(token: Token["Scope | None"]) -> None:
    """Undo `enter`."""
    try:
        _current.reset(token)
    except ValueError:
        # Left in another context than entered, as a generator may be: there is nothing to undo there.
        _current.set(None)
