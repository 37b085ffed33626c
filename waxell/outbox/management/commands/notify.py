"""The notifier: reads the ledger for what people are told, and sends it, until SIGTERM."""

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
from django.db import DatabaseError, InterfaceError, connections

from waxell.lib.db.leadership import Leadership
from waxell.lib.errors import DomainError
from waxell.outbox.domain.signatures import MalformedSecret
from waxell.outbox.services import checkpoints, dispatching, sending
from waxell.outbox.services.sending import Sender

logger = logging.getLogger(__name__)

ROUND_SECONDS: Final = 0.5
FINISH_SECONDS: Final = 4.0


@dataclass(slots=True)
class Every:
    """Something to do again and again, every `seconds`."""

    seconds: float
    act: Callable[[], object]
    due_at: float = field(default=0.0)

    def perform(self) -> None:
        now = time.monotonic()
        if now >= self.due_at:
            self.due_at = now + self.seconds
            self.act()


class Command(BaseCommand):
    help = "Tell people and programs what happened: webhooks, e-mail and Slack-compatible messages, until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        leadership = Leadership("notifier")
        if mark := os.environ.get("WAXELL_READY_FILE"):
            Path(mark).touch(mode=0o600)
        try:
            notify(leadership, stopping)
        finally:
            leadership.resign()


def notify(leadership: Leadership, stopping: threading.Event) -> None:
    """Dispatch and send while leading, until `stopping` is set; else wait to lead.

    Leading saves work and is not needed for the promise: two at once make no message twice, and
    take no message at the same time.
    """
    sender = Sender()
    rare = [
        Every(2.0, dispatching.show_life),
        Every(2.0, dispatching.dispatch_waiting),
        Every(5.0, dispatching.dispatch_due),
        Every(5.0, _tell_checkpoints),
        Every(60.0, sending.forget_old),
    ]
    led = False
    while not stopping.is_set():
        leads = leadership.held()
        if leads and not led:
            logger.info("this notifier leads")
        led = leads
        pause = ROUND_SECONDS
        if leads:
            try:
                pause = _round(sender, rare)
            except (DatabaseError, InterfaceError):
                logger.exception("the notifier lost the database and tries again")
                connections.close_all()
        if not sender.wait(pause):
            stopping.wait(pause)
    sender.finish(FINISH_SECONDS)


def _round(sender: Sender, rare: list[Every]) -> float:
    """Do what is due; returns how long to wait for more."""
    for one in rare:
        one.perform()
    read = dispatching.dispatch_sealed()
    sender.perform()
    return 0.0 if read >= dispatching.BATCH else ROUND_SECONDS


def _tell_checkpoints() -> None:
    try:
        destination = checkpoints.follow_settings()
    except (DomainError, MalformedSecret) as error:
        logger.error("WAXELL_CHECKPOINT_WEBHOOK is of no use: %s", error)
        return
    if destination is not None:
        checkpoints.tell_newest(destination)
