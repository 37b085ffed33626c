"""Making and replacing the key that signs checkpoints."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from waxell.ledger.domain.notes import MalformedKey, SigningKey
from waxell.ledger.services import keys
from waxell.ledger.services.keys import FileKeys
from waxell.lib.errors import DomainError


class Command(BaseCommand):
    help = "Make or replace the key that signs checkpoints, or show what auditors need to check them."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="make the first key, in a file that only you can read")
        create.add_argument("--name", help="how checkpoints call this installation, e.g. ledger.example.com")
        create.add_argument("--if-missing", action="store_true", help="keep a key that is there already")
        actions.add_parser("rotate", help="make the key that takes over once the log has announced it")
        actions.add_parser("show", help="print the verifier key")
        text = actions.add_parser("generate", help="print a new key as text, for WAXELL_LEDGER_KEY; keeps nothing")
        text.add_argument("--name", required=True, help="for a rotation, the name of the key in use")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            self.stdout.write(getattr(self, f"_{action}")(**options))
        except DomainError as error:
            raise CommandError(f"{error.title()} {error.detail or ''}".strip()) from error
        except MalformedKey as error:
            raise CommandError(str(error)) from error

    def _create(self, *, name: str | None, if_missing: bool, **options: Any) -> str:
        try:
            return str(_files().create(name or keys.invent_name()).verifier)
        except keys.KeyExists:
            if not if_missing:
                raise
            return self._show()

    def _rotate(self, **options: Any) -> str:
        key = _files().rotate()
        return (
            f"{key.verifier}\nThe sealer announces it and then signs with it; the key before stays valid for its own."
        )

    def _show(self, **options: Any) -> str:
        return str(keys.configured().current().verifier)

    def _generate(self, *, name: str, **options: Any) -> str:
        return SigningKey.generate(name).secret()


def _files() -> FileKeys:
    store = keys.configured()
    if not isinstance(store, FileKeys):
        raise CommandError("The key is not kept in a file: use `ledger_key generate` and set it where it is kept.")
    return store
