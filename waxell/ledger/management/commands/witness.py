"""A witness, which needs none of Waxell's own processes and belongs on another machine."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from waxell.ledger.domain.notes import MalformedKey
from waxell.ledger.witness import command
from waxell.ledger.witness.store import StoreUnusable


class Command(BaseCommand):
    help = "Cosign checkpoints of logs while they only grow (C2SP tlog-witness). Keeps its key and memory in DIRECTORY."
    # No database: `python -m waxell.ledger.witness` does the same without Django.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        command.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            command.run(argparse.Namespace(**options), self._say)
        except (StoreUnusable, MalformedKey, OSError) as error:
            raise CommandError(str(error)) from error

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
