"""Make the demo: an owner, a project with rules that bite, and executions that show them."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from executions.demo import project, scenes
from waxell.local.home import write_private


class Command(BaseCommand):
    help = "Create the first owner and the demo project, or find them again. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", type=Path, metavar="FILE", help="where passwords and keys are kept, mode 0600")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path | None = options["json"]
        access = project.prepare(_kept(file))
        # Before the work starts: without the file nobody could get in to see it.
        if file is not None:
            write_private(file, access.document())
        scenes.start_missing()
        if file is None:
            self.stdout.write(json.dumps(access.document(), indent=2))


def _kept(file: Path | None) -> dict[str, Any]:
    """What an earlier call wrote; nothing where there is no such file or it is not ours."""
    try:
        kept = json.loads(file.read_bytes()) if file is not None else {}
    except (FileNotFoundError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
