"""`manage.py apply`: a project becomes what a folder of rules says, all of it or nothing."""

from pathlib import Path
from typing import Any

from executions.management.rules import RulesCommand


class Command(RulesCommand):
    help = "Make a project what a folder of rules says: all of it or nothing, and nothing where nothing differs."
    takes_effect = True

    def handle(self, *, folder: Path, email: str, note: str, override: str, **options: Any) -> None:
        self.perform(folder, email, note, override)
