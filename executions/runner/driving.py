"""A worker's side of one execution: take it, run it in a child process, keep its lease, stop it.

The child does the work and closes the execution. This process only watches: it renews the lease and
stops the child as soon as the execution has ended or is another's, whatever the child is doing.
"""

import logging
import time
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from executions.domain.states import TERMINAL, State
from executions.models import Execution
from executions.queries import due
from executions.runner.attempts import GIVE_BACK, Attempt, Ending, carry_out
from executions.runner.children import Child, fork
from executions.services import leases, queue, stopping
from waxell.lib.errors import DomainError, Unavailable

logger = logging.getLogger(__name__)

GLANCE_SECONDS: Final = 0.5
# A lease is renewed four times before it would run out.
RENEWALS: Final = 4
# Work that has waited this long for a worker goes before waiting for a person.
ROOM_AFTER_SECONDS: Final = 10.0


def drive_next(*, preferred: UUID, worker: str) -> UUID | None:
    """Take the execution whose turn it is and run it to its end; returns it, or None for none.

    `preferred` is the one that was rung for. Safe to call for the same ring as often as it comes.
    """
    taken = queue.take_next(preferred=preferred, worker=worker)
    if taken is None:
        return None
    execution_id, answer = taken
    row = Execution.objects.select_related("workflow").get(pk=execution_id)
    attempt = Attempt(
        execution_id=execution_id,
        project_id=row.project_id,
        workflow=row.workflow_slug,
        number=row.attempt,
        last=row.attempt >= row.workflow.max_attempts,
        fence=int(answer.body["lease"]["fence"]),
        worker=worker,
        hold_wait_seconds=settings.WAXELL_HOLD_WAIT_SECONDS,
    )
    child = fork(lambda: carry_out(attempt))
    try:
        status = _watch(child, attempt, row.lease_seconds)
    finally:
        if child.status is None:
            child.stop()
    logger.info("execution %s: its process ended with %s", execution_id, status)
    if status not in (Ending.CLOSED, Ending.STOPPED, Ending.HELD):
        _give_up(attempt)
    return execution_id


def _watch(child: Child, attempt: Attempt, lease_seconds: int) -> int:
    """Wait for the child's end, renewing the lease; returns its exit status."""
    interval = lease_seconds / RENEWALS
    proven = renewed = time.monotonic()
    while child.wait(GLANCE_SECONDS) is None:
        now = time.monotonic()
        try:
            state = _state(attempt)
            ours = state is not None
            if (
                state == State.SUSPENDED
                and not attempt.last
                and due.list_due(limit=1, waiting_seconds=ROOM_AFTER_SECONDS)
            ):
                child.tell(GIVE_BACK)
            if ours and now - renewed >= interval:
                ours = _renew(attempt)
                renewed = now
            proven = now
        except (DatabaseError, InterfaceError):
            connection.close()
            # Without the database nobody can stop this execution or see that it lives.
            ours = now - proven < lease_seconds
        if not ours:
            return child.stop()
    return child.status if child.status is not None else child.stop()


def _state(attempt: Attempt) -> str | None:
    """Return the execution's state; None once it has ended or is another's."""
    state, fence = Execution.objects.values_list("state", "fence").get(pk=attempt.execution_id)
    return state if state not in TERMINAL and fence == attempt.fence else None


def _renew(attempt: Attempt) -> bool:
    """Renew the lease, which judges whether the execution may continue; False when it may not."""
    try:
        answer = leases.heartbeat(caller=attempt.caller, execution_id=attempt.execution_id, fence=attempt.fence)
    except Unavailable:
        return True
    except DomainError:
        return False
    return bool(answer.body["directive"] != "halt")


def _give_up(attempt: Attempt) -> None:
    """Interrupt at once what would be interrupted when its lease runs out."""
    if _state(attempt) is None:
        return
    stopping.end_execution(
        attempt.execution_id,
        attempt.project_id,
        outcome=State.INTERRUPTED,
        code="worker_lost",
        message="The process that ran this execution ended without closing it.",
        caller=attempt.caller,
    )
