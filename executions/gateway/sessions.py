"""A session of a client: one execution and one connection to the server behind, for as long as it lasts."""

import time
from dataclasses import dataclass, field

import anyio

from executions.gateway import runs
from executions.gateway.behind import Link
from executions.gateway.entrance import Visitor
from executions.gateway.runs import Run


@dataclass(slots=True, kw_only=True)
class Session:
    """What is kept between the calls of one session; begun by the first call, not by its opening."""

    id: str
    visitor: Visitor
    link: Link
    _run: Run | None = None
    _beginning: anyio.Lock = field(default_factory=anyio.Lock)

    async def run(self, *, until: float) -> Run:
        """Return the session's execution. Raises Refused, DomainError."""
        async with self._beginning:
            if self._run is None:
                self._run = await runs.begin(self.visitor, label=runs.SESSION)
            run = self._run
        await runs.admitted(run, until=until)
        return run

    async def lose(self, run: Run) -> None:
        """Forget an execution that ended by itself: the next call begins another one."""
        async with self._beginning:
            if self._run is run:
                self._run = None

    async def end(self) -> None:
        """Close the record: the client said goodbye, was silent too long, or the gateway stops."""
        self.link.close()
        if self._run is not None:
            await runs.end(self.visitor, self._run, outcome="completed")
            self._run = None


def deadline(seconds: float) -> float:
    """Return the monotonic time in so many seconds."""
    return time.monotonic() + seconds
