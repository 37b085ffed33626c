"""A session of a client: one execution and one connection to the server behind, for as long as it lasts."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup
from django.conf import settings

from executions.gateway import runs
from executions.gateway.behind import Link
from executions.gateway.entrance import Visitor
from executions.gateway.runs import Run

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Session:
    """What is kept between the calls of one session; begun by the first call, not by its opening."""

    id: str
    visitor: Visitor
    link: Link
    tasks: TaskGroup
    held: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Calls that were answered before a person decided, by digest: the action's number and the approval."""
    _run: Run | None = None
    _beginning: anyio.Lock = field(default_factory=anyio.Lock)
    _calls: int = 0
    _silent_since: float = 0.0

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Say that a call is under way for as long as the block lasts."""
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
            self._silent_since = time.monotonic()

    async def run(self, *, until: float) -> Run:
        """Return the session's execution. Raises Refused, DomainError."""
        async with self._beginning:
            if self._run is None:
                self._run = await runs.begin(self.visitor, label=runs.SESSION)
                self.tasks.start_soon(self._end_when_silent, self._run)
            run = self._run
        await runs.admitted(run, until=until)
        return run

    async def lose(self, run: Run) -> None:
        """Forget an execution that ended by itself: the next call begins another one."""
        async with self._beginning:
            if self._run is run:
                self._run = None

    async def end(self) -> None:
        """Close the record: the client said goodbye or was silent too long, or the gateway stops."""
        self.link.close()
        async with self._beginning:
            run, self._run = self._run, None
            if run is not None:
                await runs.end(self.visitor, run, outcome="completed")

    async def _end_when_silent(self, run: Run) -> None:
        """A client may stay connected for days; an execution is what it does at a time."""
        longest = settings.WAXELL_MCP_SESSION_SECONDS
        try:
            while self._run is run:
                left = self._silent_since + longest - time.monotonic()
                if self._calls or self.held:
                    await anyio.sleep(1.0)
                elif left > 0:
                    await anyio.sleep(left)
                else:
                    await self.end()
        except Exception:
            # Whatever it was, it is this session's: the watchdog closes what is left of it.
            log.exception("A silent session was not closed")
