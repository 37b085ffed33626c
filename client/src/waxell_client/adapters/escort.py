"""A governed call whose beginning and end are heard of in different places: a task of its own stays with it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from waxell_client.amounts import Usage
from waxell_client.async_execution import AsyncAct, AsyncExecution
from waxell_client.errors import WaxellError

log = logging.getLogger("waxell_client")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a call: what it gave and used, or why it failed."""

    output: object = None
    usage: Usage | None = None
    error: str | None = None


class CallFailed(Exception):
    """The call failed; its words are the failure's."""


class Escort:
    """One call, from the question to the result. `longest_seconds` bounds how long its end may not be heard of."""

    def __init__(
        self,
        execution: AbstractAsyncContextManager[AsyncExecution],
        act: Callable[[AsyncExecution], AsyncAct],
        *,
        longest_seconds: float,
    ) -> None:
        self._execution = execution
        self._act = act
        self._longest_seconds = longest_seconds
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._allowed: asyncio.Future[None] = loop.create_future()
        self._ended: asyncio.Future[Outcome] = loop.create_future()
        self._task: asyncio.Task[None] | None = None

    async def begin(self, *, when_over: Callable[[], None]) -> None:
        """Ask, and return when it is allowed. Raises WaxellError; `when_over` is called when nothing is left to do."""
        self._task = self._loop.create_task(self._stay())
        self._task.add_done_callback(lambda task: when_over())
        try:
            await asyncio.shield(self._allowed)
        except asyncio.CancelledError:
            # Nobody waits for the answer any more: neither does the question.
            self._task.cancel()
            raise

    def end(self, outcome: Outcome) -> None:
        """Say what came of it; the first word counts."""
        if not self._ended.done():
            self._ended.set_result(outcome)

    def end_soon(self, outcome: Outcome, seconds: float) -> None:
        """Say what came of it, unless better is known within some seconds."""
        self._loop.call_later(seconds, self.end, outcome)

    async def _stay(self) -> None:
        try:
            async with self._execution as ex, self._act(ex) as act:
                self._allowed.set_result(None)
                await self._hear(act)
        except CallFailed as failure:
            log.debug("A call failed, and is settled as that: %s", failure)
        except Exception as error:
            if not self._allowed.done():
                self._allowed.set_exception(error)
            elif isinstance(error, WaxellError):
                # The call is done: a stop is told to whoever asks next.
                log.warning("After a call was done: %s", error)
            else:
                log.exception("A call could not be settled")

    async def _hear(self, act: AsyncAct) -> None:
        try:
            outcome = await asyncio.wait_for(self._ended, self._longest_seconds)
        except asyncio.TimeoutError:
            raise CallFailed(f"Its end was not heard of within {self._longest_seconds} s.") from None
        act.output = outcome.output
        if outcome.usage is not None:
            act.used(outcome.usage)
        if outcome.error is not None:
            raise CallFailed(outcome.error)


@asynccontextmanager
async def lent(execution: AsyncExecution) -> AsyncIterator[AsyncExecution]:
    """An execution that somebody else begins and closes."""
    yield execution
