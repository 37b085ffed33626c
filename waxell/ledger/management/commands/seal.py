"""The sealer: puts waiting entries under signed checkpoints and publishes them, until SIGTERM."""

import logging
import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections

from waxell.ledger.services import sealing, witnessing
from waxell.ledger.services.sealer import SealerRound
from waxell.lib.db.leadership import Leadership
from waxell.lib.errors import DomainError

logger = logging.getLogger(__name__)

ROUND_SECONDS: Final = 0.5
STOPPED_SECONDS: Final = 2.0


class Command(BaseCommand):
    help = "Seal what was written: a signed checkpoint at least every second, published outside the database."
    # The sealer's login sees the sealing tables and no others.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="seal what waits now, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        leadership = Leadership("sealer")
        if mark := os.environ.get("WAXELL_READY_FILE"):
            Path(mark).touch(mode=0o600)
        try:
            if options["once"]:
                seal_once(leadership)
            else:
                seal(leadership, stopping)
        finally:
            leadership.resign()


def seal_once(leadership: Leadership) -> None:
    """Seal and publish until nothing waits. Raises CommandError where another leads or sealing must stop."""
    if not leadership.held():
        raise CommandError("Another sealer is at work.")
    rounds = SealerRound()
    try:
        # The first round may open the log, and what it seals then is its opening.
        while rounds.perform():
            pass
        rounds.witnesses.perform()
        rounds.perform()
    except DomainError as error:
        raise CommandError(f"{error.title()} {error.detail or ''}".strip()) from error


def seal(leadership: Leadership, stopping: threading.Event) -> None:
    """Do rounds while leading, until `stopping` is set; else wait to lead."""
    rounds: SealerRound | None = None
    leads = threading.Event()
    # A witness that is slow or away keeps nothing from being sealed.
    threading.Thread(target=witnessing.attend, args=(leads, stopping), daemon=True, name="witnesses").start()
    said = ""
    while not stopping.is_set():
        if not leadership.held():
            rounds = None
            leads.clear()
            stopping.wait(ROUND_SECONDS)
            continue
        if rounds is None:
            logger.info("this sealer leads")
            rounds = SealerRound()
        leads.set()
        pause = ROUND_SECONDS
        try:
            # What is written while we seal waits for the next round: a checkpoint for every few entries would
            # take the gate's processors and the disk's time. Only a backlog is worked off without a pause.
            if rounds.perform() >= sealing.BATCH:
                pause = 0.0
            said = ""
        except DomainError as error:
            # The row it left behind turns readiness red; the log need not repeat it.
            line = f"sealing has stopped: {error.title()} {error.detail or ''}"
            if line != said:
                logger.error("%s", line)
            said, pause = line, STOPPED_SECONDS
        except DatabaseError:
            logger.exception("the sealer lost the database and tries again")
            connections.close_all()
        stopping.wait(pause)
