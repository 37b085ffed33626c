"""Carrying out what the gate allowed: the server behind is called, and the action settled whatever comes of it."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import anyio
from mcp import Client
from mcp_types import CallToolResult, TextContent

from executions.domain.wanted import ResultWanted, Usage
from executions.gateway import behind, refusals, runs, threads
from executions.gateway.behind import CallFailed, ServerUnreachable
from executions.gateway.entrance import Visitor
from executions.gateway.recording import recordable
from executions.gateway.refusals import Refused
from executions.gateway.runs import Run
from executions.services import leases, results
from executions.services.appending import ExecutionClosed, Fenced
from waxell.lib.errors import DomainError

WATCH_SECONDS: Final = 1.0
"""So often an execution is looked at while its call is carried out: a stop ends the waiting."""

type Progress = Callable[[float, float | None, str | None], Awaitable[None]]


class ServerLost(Exception):
    """The server did not answer a call that was made; the action is settled."""

    def __init__(self, result: CallToolResult) -> None:
        super().__init__("lost")
        self.result = result


@dataclass(slots=True, kw_only=True)
class Act:
    """An allowed call: action `seq` of a run."""

    visitor: Visitor
    run: Run
    seq: int
    name: str
    arguments: dict[str, Any]

    async def carry_out(self, client: Client, *, progress: Progress) -> CallToolResult:
        """Return the server's own result. Raises ServerLost, and Refused where the execution ended meanwhile."""
        gone = refusals.not_done("The client did not wait for the result.", "cancelled", seq=self.seq)
        result, lost = gone, False
        began_at = time.monotonic()
        stopped = False
        try:
            async with anyio.create_task_group() as both:

                async def watch() -> None:
                    nonlocal stopped
                    while not stopped:
                        await anyio.sleep(WATCH_SECONDS)
                        stopped = await self._is_over()
                    both.cancel_scope.cancel()

                both.start_soon(watch)
                result, lost = await self._called(client, progress)
                both.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                goes_on = await self._settle(result, seconds=time.monotonic() - began_at)
        if stopped or not goes_on:
            # What a stopped execution got is on its record; the agent is given nothing any more.
            raise Refused(await runs.over(self.run))
        if lost:
            raise ServerLost(result)
        return result

    async def _called(self, client: Client, progress: Progress) -> tuple[CallToolResult, bool]:
        """The result, and whether it only says that the server was lost."""
        try:
            return await behind.call(client, self.name, self.arguments, progress_callback=progress), False
        except CallFailed as error:
            return CallToolResult(is_error=True, content=[TextContent(type="text", text=str(error))]), False
        except ServerUnreachable:
            text = "The tool's server did not answer: whether it did anything is not known."
            told = refusals.not_done(text, "server_unreachable", execution=self.run.execution_id, seq=self.seq)
            return told, True

    async def _is_over(self) -> bool:
        def look() -> bool:
            beat = leases.heartbeat(
                caller=self.visitor.caller, execution_id=self.run.execution_id, fence=self.run.fence
            )
            return bool(beat.body["directive"] == "halt")

        try:
            return await threads.run(look)
        except DomainError as error:
            # Short of an end it is not for a look to stop what was allowed.
            return isinstance(error, (ExecutionClosed, Fenced))

    async def _settle(self, result: CallToolResult, *, seconds: float) -> bool:
        """Report what came of the action; tells whether the execution goes on."""
        wanted = ResultWanted(
            fence=self.run.fence,
            status="error" if result.is_error else "ok",
            output=recordable(result.model_dump(mode="json", by_alias=True, exclude_none=True)),
            usage=Usage(seconds=int(seconds)),
        )

        def report() -> bool:
            answer = results.report_result(
                caller=self.visitor.caller, execution_id=self.run.execution_id, seq=self.seq, wanted=wanted
            )
            return bool(answer.body["verdict"] == "allow")

        try:
            return await threads.run(report)
        except (ExecutionClosed, Fenced):
            return False
