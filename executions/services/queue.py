"""The queue of pending executions: which are rung for, and who takes which."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import connection

from executions.domain.states import State
from executions.queries import due
from executions.services import leases
from executions.services.appending import Answer
from executions.services.doorbell import ring
from waxell.lib.errors import DomainError

logger = logging.getLogger(__name__)

# How many candidates a worker tries before it concludes that others were faster.
CANDIDATES: Final = 8
RUNG_AT_ONCE: Final = 100


@dataclass(slots=True, kw_only=True)
class Rounds:
    """The sweeper's rounds: rings again for what nobody took, without flooding the broker.

    `waiting_seconds` is how long a ring may take to be heard, `again_seconds` the pause between
    two rings for the same execution.
    """

    waiting_seconds: float = 2.0
    again_seconds: float = 3.0
    rung_at: dict[UUID, float] = field(default_factory=dict)

    def ring_due(self) -> list[UUID]:
        """Ring for pending executions in the order of their turns; returns those rung for."""
        waiting = due.list_due(limit=RUNG_AT_ONCE, waiting_seconds=self.waiting_seconds)
        now = time.monotonic()
        self.rung_at = {
            item.execution_id: self.rung_at[item.execution_id]
            for item in waiting
            if now - self.rung_at.get(item.execution_id, now - self.again_seconds) < self.again_seconds
        }
        late = [item.execution_id for item in waiting if item.execution_id not in self.rung_at]
        for execution_id in late:
            ring(execution_id)
            self.rung_at[execution_id] = now
        return late


def take_next(*, preferred: UUID, worker: str) -> tuple[UUID, Answer] | None:
    """Claim the execution whose turn it is, `preferred` where that is fair; None when there is none.

    The answer is the claim's. One of several callers gets an execution, never two.
    """
    for item in due.list_due(limit=CANDIDATES, preferred=preferred):
        with _one_claim_at_a_time(item.project_id):
            # Room was counted before the lock: count again now that nobody else can fill it.
            if not due.may_start(item.execution_id):
                continue
            try:
                claimed = leases.claim_execution(execution_id=item.execution_id, worker=worker)
            except DomainError as error:
                logger.info("execution %s was not taken: %s", item.execution_id, error.code)
                continue
        if claimed is not None and claimed.body["state"] == State.RUNNING:
            return item.execution_id, claimed
    return None


@contextmanager
def _one_claim_at_a_time(project_id: UUID) -> Iterator[None]:
    """Let one worker at a time count and claim within a project.

    The lock is held by a transaction on a connection of its own: the claim must be committed before
    the lock is given back, and a session lock would get lost behind a transaction pooler.
    """
    guard: Any = connection.copy()
    try:
        guard.set_autocommit(False)
        with guard.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('waxell.claims:' || %s, 0))", [str(project_id)]
            )
        yield
    finally:
        guard.close()
