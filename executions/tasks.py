"""Doorbells: a task says that there is something to do, and PostgreSQL says what."""

import os
import socket
import time
from typing import Final
from uuid import UUID

from celery import shared_task

from executions.queries import due
from executions.runner import driving
from executions.services import doorbell, simulations

AT_A_STRETCH: Final = 1.0
"""Seconds that a simulation keeps a process before whoever else waits has a turn."""


@shared_task(name=doorbell.TASK)
def run_execution(execution_id: str) -> None:
    """Run the pending execution whose turn it is, preferably this one. Safe to ring twice."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    if driving.drive_next(preferred=UUID(execution_id), worker=worker) is None:
        return
    # This worker is free again, so whoever is next need not wait for the sweeper.
    for item in due.list_due(limit=1):
        doorbell.ring(item.execution_id)


@shared_task(name=simulations.TASK)
def simulate_part(part_id: int) -> None:
    """Go on with a part of a simulation for a while. Safe to ring twice."""
    began = time.monotonic()
    while simulations.go_on(part_id):
        if time.monotonic() - began > AT_A_STRETCH:
            doorbell.ring_for(simulations.TASK, part_id)
            return
