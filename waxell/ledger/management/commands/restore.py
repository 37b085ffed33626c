"""A backup into an empty database."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from waxell.ledger.queries import checkpoints
from waxell.ledger.services import publishing, stores
from waxell.ledger.services.backups import restoring
from waxell.lib.errors import DomainError


class Command(BaseCommand):
    help = "Restore a backup into an empty database that nobody uses, as the owner, and give the roles their rights."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path, help="the directory that `backup` made")

    def handle(self, *args: Any, backup: Path, **options: Any) -> None:
        if settings.DATABASE_AS != "owner":
            raise CommandError("Only the owner restores: set WAXELL_DATABASE_AS=owner for this command.")
        try:
            manifest = restoring.restore(backup, settings.DATABASE_ADDRESSES["owner"])
        except DomainError as error:
            raise CommandError(f"{error.title()} {error.detail or ''}".strip()) from error
        self.stdout.write(self.style.SUCCESS(f"Restored {backup}, made at {manifest.made_at}."))
        self._compare()

    def _compare(self) -> None:
        """Say what the sealer will say, before somebody wonders why nothing is sealed."""
        try:
            publishing.compare(stores.configured(), checkpoints.newest_log())
        except (publishing.Behind, publishing.Inconsistent) as error:
            self.stdout.write(self.style.WARNING(f"{error.title()} {error.detail or ''}".strip()))
        except DomainError as error:
            self.stdout.write(f"It was not compared with what was published: {error}")
        else:
            self.stdout.write("Nothing that was published is missing, as far as can be seen from here.")
