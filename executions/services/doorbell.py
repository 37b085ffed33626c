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
    # Whatever is wrong with the broker: the execution is admitted, and its row is there.
    try:
        current_app.send_task(TASK, args=[str(execution_id)])
    except Exception as error:
        logger.warning("no worker could be rung for execution %s: %s", execution_id, type(error).__name__)


def ring_on_commit(execution_id: UUID) -> None:
    """Ring once the transaction that made the execution is committed; at once outside of one."""
    transaction.on_commit(lambda: ring(execution_id))


# A pool's threads cannot be joined once the interpreter is being taken down: that would take 20 s.
atexit.register(pools.reset)
