"""The executions that calls belong to: a session's, one call's, or one that the caller drives itself."""

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import anyio
from django.conf import settings
from mcp_types import CallToolResult

from executions.domain import record
from executions.domain.states import State
from executions.domain.wanted import CloseWanted, StartWanted
from executions.gateway import refusals, threads
from executions.gateway.entrance import Visitor
from executions.gateway.refusals import Refused
from executions.models import Execution
from executions.queries import holds
from executions.services import admission, lifecycle
from executions.services.appending import ExecutionClosed, Fenced

CALL: Final = "mcp-call"
SESSION: Final = "mcp-session"
"""Labels of executions that the gateway began, with the server's slug as value."""

LONGEST_LEASE: Final = 3600
LEFT_SECONDS: Final = 20
"""By so much a session's lease outlives its silence: then its record is closed by us, not by the watchdog."""
POLL_SECONDS: Final = (0.1, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An execution, the fence that proves the right to drive it, and what its admission was answered."""

    execution_id: UUID
    fence: int
    admission: dict[str, Any] | None = None


async def begin(visitor: Visitor, *, label: str) -> Run:
    """Begin an execution. Raises Refused where the rules are against it, and DomainError."""
    lease = (
        LONGEST_LEASE if label == CALL else min(LONGEST_LEASE, int(settings.WAXELL_MCP_SESSION_SECONDS) + LEFT_SECONDS)
    )
    wanted = StartWanted(
        workflow=visitor.server.workflow, labels={label: visitor.server.slug}, lease_seconds=max(10, lease)
    )
    answer = await threads.run(lambda: admission.start_execution(caller=visitor.caller, wanted=wanted))
    run = Run(execution_id=UUID(answer.body["id"]), fence=1, admission=answer.body)
    if answer.body["state"] == State.DENIED:
        raise Refused(refusals.refused(answer.body, run.execution_id))
    return run


async def admitted(run: Run, *, until: float) -> None:
    """Wait for the person who must agree to the beginning, if one must. Raises Refused."""
    told = run.admission
    if told is None or told["state"] != State.SUSPENDED:
        return
    state = await leaves(run, State.SUSPENDED, until=until)
    if state == State.SUSPENDED:
        approval = told["approval"]["id"]
        raise Refused(refusals.held(told["reasons"], run.execution_id, told["receipt"]["seq"], approval), goes_on=True)
    if state != State.RUNNING:
        raise Refused(await over(run))


async def end(visitor: Visitor, run: Run, *, outcome: str, error: object | None = None) -> None:
    """Close an execution of ours; one that is closed already, or was taken from us, needs nothing."""

    def close() -> None:
        wanted = CloseWanted(fence=run.fence, outcome=outcome, error=error)
        with suppress(ExecutionClosed, Fenced):
            lifecycle.close_execution(caller=visitor.caller, execution_id=run.execution_id, wanted=wanted)

    await threads.run(close)


async def over(run: Run) -> CallToolResult:
    """Return what a client is told of an execution that has ended."""
    state, cause = await threads.run(lambda: Execution.objects.values_list("state", "cause").get(pk=run.execution_id))
    return refusals.ended(state, record.answered_reason(cause) if cause else None, run.execution_id)


async def leaves(run: Run, state: str, *, until: float) -> str:
    """Wait until an execution is no longer in `state`, or the time is over; return the state of then."""

    def look() -> str:
        return str(Execution.objects.values_list("state", flat=True).get(pk=run.execution_id))

    return await _changes(look, state, until=until)


async def decided(approval_id: UUID, *, until: float) -> str:
    """Wait until an approval is decided, or the time is over; return its state of then."""
    return await _changes(lambda: holds.state_of(approval_id), "pending", until=until)


async def waiting(visitor: Visitor, *, resource: str, call_digest: str) -> holds.Waiting | None:
    """Return the hold that an earlier call like this one, without a session, left behind."""
    return await threads.run(
        lambda: holds.waiting(
            agent_id=visitor.agent_id, resource=resource, args_digest=bytes.fromhex(call_digest), label=CALL
        )
    )


def is_lost(state: str) -> bool:
    """Tell whether an execution ended without anybody wanting it to stop."""
    return state in (State.INTERRUPTED, State.COMPLETED, State.FAILED)


async def _changes(look: Any, state: str, *, until: float) -> str:
    pause, longest = POLL_SECONDS
    while True:
        seen: str = await threads.run(look)
        left = until - time.monotonic()
        if seen != state or left <= 0:
            return seen
        await anyio.sleep(min(pause, left))
        pause = min(longest, pause * 1.5)
