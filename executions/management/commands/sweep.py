"""The sweeper: sees to everything that time, and not a request, makes due."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from executions.models import Heartbeat
from executions.services import approval_steps, retention, retries, schedules, simulations, upkeep, watchdog
from executions.services.queue import Rounds
from governance.services import schedules as policy_schedules
from waxell.lib.db.leadership import Leadership

logger = logging.getLogger(__name__)

ROUND_SECONDS: Final = 0.5


@dataclass(slots=True)
class Duty:
    """Something to do again and again, every `seconds`; 0 is each round."""

    name: str
    act: Callable[[], object]
    seconds: float = 0.0
    due_at: float = field(default=0.0)

    def perform(self) -> None:
        """Act if it is time. What fails is logged and comes again: it must not stop the others."""
        now = time.monotonic()
        if now < self.due_at:
            return
        self.due_at = now + self.seconds
        try:
            self.act()
        except Exception:
            logger.exception("the sweeper could not %s", self.name)
            close_old_connections()


def duties() -> list[Duty]:
    """Return all duties, the most urgent first."""
    watch, rounds = watchdog.Watch(), Rounds()
    return [
        Duty("judge silent executions", watch.judge_silent),
        Duty("stop what is overdue", watchdog.stop_overdue),
        Duty("stop orphans", watchdog.stop_orphans),
        Duty("interrupt what lost its lease", watchdog.interrupt_lapsed),
        Duty("expire approvals", watchdog.expire_approvals),
        Duty("remind and escalate", approval_steps.take_due, seconds=2),
        Duty("start declared retries", retries.start_owed),
        Duty("ring for what is due", rounds.ring_due),
        Duty("start what is scheduled", schedules.start_scheduled, seconds=5),
        Duty("publish what is scheduled", policy_schedules.publish_due, seconds=1),
        Duty("go on with simulations", simulations.ring_again, seconds=5),
        Duty("record refused requests", upkeep.record_throttled, seconds=15),
        Duty("forget old answers", upkeep.forget_answers, seconds=60),
        Duty("forget old simulations", simulations.forget, seconds=600),
        Duty("erase what retention ends", retention.erase_expired, seconds=600),
        Duty("show that it lives", lambda: upkeep.show_life(Heartbeat.SWEEPER), seconds=2),
    ]


class Command(BaseCommand):
    help = "Watch over executions: stop, interrupt, expire, retry, schedule and ring, until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        leadership = Leadership("sweeper")
        if mark := os.environ.get("WAXELL_READY_FILE"):
            Path(mark).touch(mode=0o600)
        try:
            sweep(leadership, stopping)
        finally:
            leadership.resign()


def sweep(leadership: Leadership, stopping: threading.Event) -> None:
    """Do all duties twice a second while leading, until `stopping` is set; else wait to lead."""
    todo: list[Duty] = []
    led = False
    while not stopping.is_set():
        leads = leadership.held()
        if leads and not led:
            logger.info("this sweeper leads")
            # Whoever led before has judged and rung by its own memory.
            todo = duties()
        led = leads
        for duty in todo if leads else ():
            if stopping.is_set():
                break
            duty.perform()
        stopping.wait(ROUND_SECONDS)
