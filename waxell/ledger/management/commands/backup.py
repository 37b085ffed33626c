"""A backup of the whole database, made while everything runs."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from waxell.ledger.services.backups import making
from waxell.lib.errors import DomainError


class Command(BaseCommand):
    help = "Dump the database, as one moment saw it, with a manifest. Keys and what was published are not in it."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", type=Path, help="the backup to make, or a directory that gets one named by time")

    def handle(self, *args: Any, target: Path, **options: Any) -> None:
        try:
            directory, manifest = making.make(target, settings.DATABASE_ADDRESSES["owner"])
        except DomainError as error:
            raise CommandError(f"{error.title()} {error.detail or ''}".strip()) from error
        except OSError as error:
            raise CommandError(f"{target}: {error.strerror}") from error
        head = manifest.head
        sealed = f"{head.origin} at {head.size} leaves" if head else "nothing sealed"
        self.stdout.write(f"{directory}: {manifest.bytes} bytes, {sealed}, {manifest.waiting} entries not sealed yet")
