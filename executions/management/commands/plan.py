"""`manage.py plan`: what applying a folder of rules would change; changes nothing."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from executions.management.rules import RulesCommand


class Command(RulesCommand):
    help = "Say what `apply` would change, and whether it can be done. Changes nothing."
    takes_effect = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--check", action="store_true", help="end with status 1 where something differs")

    def handle(self, *, folder: Path, email: str, note: str, override: str, check: bool, **options: Any) -> None:
        applied = self.perform(folder, email, note, override)
        if check and applied.differences:
            raise SystemExit(1)
