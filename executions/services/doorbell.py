"""Ringing for a worker. A ring is only a hint: what there is to do stands in PostgreSQL."""

import atexit
import logging
from typing import Final
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu import pools

logger = logging.getLogger(__name__)

TASK: Final = "executions.run"


def ring(execution_id: UUID) -> None:
    """Tell the workers that this execution is due. A ring that fails is repeated by the sweeper."""
    _send(TASK, str(execution_id))


def ring_for(task: str, number: int) -> None:
    """Tell the workers, once the transaction is committed, that a row waits for `task`. Its keeper rings again."""
    transaction.on_commit(lambda: _send(task, number))


def ring_on_commit(execution_id: UUID) -> None:
    """Ring once the transaction that made the execution is committed; at once outside of one."""
    transaction.on_commit(lambda: ring(execution_id))


def _send(task: str, named: str | int) -> None:
    # Whatever is wrong with the broker: what there is to do is committed, and its row is there.
    try:
        current_app.send_task(task, args=[named])
    except Exception as error:
        logger.warning("no worker could be rung for %s %s: %s", task, named, type(error).__name__)


# A pool's threads cannot be joined once the interpreter is being taken down: that would take 20 s.
atexit.register(pools.reset)
