"""One attempt, as its own process sees it: call the workflow's function and close the execution."""

import logging
import signal
import threading
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final
from uuid import UUID

from executions.domain.wanted import CloseWanted
from executions.queries import inputs
from executions.runner import registry
from executions.runner.context import Run, describe
from executions.runner.insisting import insist, once
from executions.runner.interruptions import ActionHeld, ExecutionStopped, GateUnreachable
from executions.runner.signals import stop_signal
from executions.services import lifecycle
from executions.services.callers import Caller
from waxell.lib import canonical
from waxell.lib.errors import DomainError

logger = logging.getLogger(__name__)

GIVE_BACK: Final = signal.SIGUSR1
"""Asks an attempt that waits for a person to make room; one that works does not notice."""


class Ending(IntEnum):
    """How an attempt's process ended, as its exit status."""

    CLOSED = 0
    STOPPED = 10
    HELD = 11
    LOST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A claimed execution. `fence` proves the right to drive it; after the `last` no other follows."""

    execution_id: UUID
    project_id: UUID
    workflow: str
    number: int
    last: bool
    fence: int
    worker: str
    hold_wait_seconds: float

    @property
    def caller(self) -> Caller:
        return Caller(project_id=self.project_id, worker=self.worker)


def carry_out(attempt: Attempt) -> Ending:
    """Run the workflow's function to its end, whichever it is, and close the execution if it is ours."""
    wanted_back = threading.Event()
    signal.signal(GIVE_BACK, lambda number, frame: wanted_back.set())
    run = Run(
        execution_id=attempt.execution_id,
        fence=attempt.fence,
        attempt=attempt.number,
        caller=attempt.caller,
        hold_wait_seconds=attempt.hold_wait_seconds,
        wanted_back=wanted_back.is_set,
    )
    try:
        output = _call(run, attempt)
        return _close(attempt, outcome="completed", output=output)
    except ExecutionStopped as stop:
        logger.info("execution %s stopped: %s", attempt.execution_id, stop)
        return Ending.STOPPED
    except ActionHeld as held:
        logger.info("execution %s waits for a person: %s", attempt.execution_id, held)
        return Ending.HELD
    except GateUnreachable as error:
        logger.warning("execution %s given up: %s", attempt.execution_id, error)
        return Ending.LOST
    except Exception as error:
        logger.info("execution %s failed", attempt.execution_id, exc_info=True)
        return _close_failed(attempt, error)


def _call(run: Run, attempt: Attempt) -> Any:
    spec = registry.find(attempt.workflow)
    given = insist(lambda: inputs.of_execution(attempt.project_id, attempt.execution_id))
    if not isinstance(given, dict):
        raise TypeError("The input of a worker's workflow is an object: its members are the arguments.")
    output = spec.function(run, **given)
    canonical.encode(output)
    return output


def _close_failed(attempt: Attempt, error: Exception) -> Ending:
    try:
        return _close(attempt, outcome="failed", error=describe(error))
    except ExecutionStopped:
        return Ending.STOPPED
    except GateUnreachable:
        return Ending.LOST


def _close(attempt: Attempt, *, outcome: str, output: Any = None, error: Any = None) -> Ending:
    wanted = CloseWanted(fence=attempt.fence, outcome=outcome, output=output, error=error)
    close = once(lifecycle.close_execution, wanted=wanted, caller=attempt.caller, execution_id=attempt.execution_id)
    try:
        with stop_signal.deferred():
            insist(close)
    except DomainError as refusal:
        # Ended meanwhile, or another's by now: either way there is nothing left to close.
        raise ExecutionStopped(str(refusal)) from refusal
    return Ending.CLOSED
