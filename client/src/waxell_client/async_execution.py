"""An execution as an asyncio program drives it."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from inspect import isawaitable
from types import TracebackType
from typing import TypeVar, overload

from waxell_client.admission import begin
from waxell_client.answers import Record
from waxell_client.asking import ask
from waxell_client.errors import Unreachable, WaxellError
from waxell_client.faces import ActFace, ExecutionFace
from waxell_client.heart import beat
from waxell_client.scope import Scope, current
from waxell_client.settling import close, settle

Output = TypeVar("Output")


class AsyncAct(ActFace):
    """One action of an asyncio program."""

    @overload
    async def __call__(self, function: Callable[..., Awaitable[Output]]) -> Output: ...
    @overload
    async def __call__(self, function: Callable[..., Output]) -> Output: ...
    async def __call__(self, function: Callable[..., object]) -> object:
        """Ask, call `function` with exactly the arguments that were planned, settle, return what it returned.

        `function` may be a coroutine function. Raises Refused, Held, Stopped, Unreachable or Rejected before it
        is called, and whatever it raises.
        """
        async with self:
            output = function(**self._plan.call)
            if isawaitable(output):
                output = await output
            self.output = output
        return output

    async def __aenter__(self) -> "AsyncAct":
        self._anew()
        try:
            self.decision = await self._scope.wire.ahold(ask(self._scope.course, self._plan.wanted))
        except Unreachable as error:
            if not self._done_ungoverned(error):
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        made = self._report(error)
        if made is None:
            return
        try:
            await self._scope.wire.ahold(settle(self._scope.course, made))
        except WaxellError as problem:
            if not self._goes_before(problem, error):
                raise


class AsyncExecution(ExecutionFace[AsyncAct]):
    """One execution of an asyncio program. Safe for several tasks of one event loop."""

    _act = AsyncAct

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._connections = AsyncExitStack()

    async def heartbeat(self) -> None:
        """Ask at once whether to go on; a thread does so every few seconds anyway. Raises Stopped, Unreachable."""
        self.check()
        await self._scope.wire.ahold(beat(self._course))

    async def close(self, outcome: str = "completed", *, output: object = None, error: object = None) -> Record | None:
        """Close the record now. Raises Stopped where others have closed it, Unreachable, Rejected."""
        await self._scope.wire.ahold(close(self._course, outcome=outcome, output=output, error=error))
        self._scope.leave()
        return self.record

    async def begin(self) -> "AsyncExecution":
        """Ask for admission. Raises NotAdmitted, Held, Unreachable or Rejected."""
        self._scope.open()
        await self._connections.enter_async_context(self._scope.wire.loop_pool())
        try:
            await self._scope.wire.ahold(begin(self._course))
        except BaseException as error:
            if not (isinstance(error, Unreachable) and self._begun_ungoverned(error)):
                if not isinstance(error, Exception):
                    self._scope.abandon()
                self._scope.leave()
                await self._connections.aclose()
                raise
        return self

    async def __aenter__(self) -> "AsyncExecution":
        self._enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._scope.wire.ahold(self._left(error))
        except WaxellError as problem:
            if not self._goes_before(problem, error):
                raise
        finally:
            self._scope.leave()
            await self._connections.aclose()
        self._after(error)


def current_async_execution() -> AsyncExecution:
    """The execution that the running code belongs to, for coroutines. Raises NoExecution."""
    return AsyncExecution(current())
