"""After a restore or a failover that lost leaves: go on in a new log that says so."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from waxell.ledger.services import keys, recovering, stores, witnesses
from waxell.ledger.services.keys import KeyStore
from waxell.ledger.services.recovering import Finding
from waxell.lib.errors import DomainError


class Command(BaseCommand):
    help = (
        "Open a new log where the database has lost leaves that were published, so that sealing can go on. The log's"
        " first entry names the old head and what is missing. Runs as the sealer, with its key."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--look", action="store_true", help="say what would be done, and do nothing")
        parser.add_argument(
            "--head", action="append", default=[], type=Path, metavar="FILE", help="a checkpoint kept elsewhere"
        )

    def handle(self, *args: Any, yes: bool, look: bool, head: list[Path], **options: Any) -> None:
        try:
            store = keys.configured()
            kept = [path.read_text() for path in head]
            finding = recovering.examine(store, stores.configured(), witnesses.configured(), kept)
            for sentence in recovering.tell(finding):
                self.stdout.write(sentence)
            if not look:
                self._recover(finding, store, yes=yes)
        except DomainError as error:
            raise CommandError(f"{error.title()} {error.detail or ''}".strip()) from error
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from error

    def _recover(self, finding: Finding, store: KeyStore, *, yes: bool) -> None:
        signer = store.current()
        if not yes:
            self._ask(signer.verifier.name)
        try:
            log = recovering.recover(finding, signer)
        except DatabaseError as error:
            raise CommandError(f"Nothing was changed: {error}") from error
        self.stdout.write(self.style.SUCCESS(f"Opened log {log.number}, {log.origin}. The sealer goes on in it."))

    def _ask(self, name: str) -> None:
        self.stdout.write(f"This cannot be undone. Type the name of the log, {name}, to go on: ", ending="")
        self.stdout.flush()
        try:
            typed = input()
        except EOFError:
            typed = ""
        if typed.strip() != name:
            raise CommandError("Nothing was changed.")
