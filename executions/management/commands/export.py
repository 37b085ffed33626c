"""Writes a bundle: one execution, or every entry of a period, with what proves it."""

import os
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from executions.models import Execution
from executions.queries.bundles import write_execution, write_period
from governance.models import Project
from waxell.lib.errors import DomainError
from waxell.lib.times import parse_time


class Command(BaseCommand):
    help = "Export a bundle that verify_bundle.py can check without Waxell."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("execution", nargs="?", type=UUID, help="the execution, unless it is a period")
        parser.add_argument("--since", type=parse_time, metavar="TIME", help="the period's beginning (RFC 3339)")
        parser.add_argument("--until", type=parse_time, metavar="TIME", help="the period's end, now unless given")
        parser.add_argument("--project", metavar="SLUG", help="only this project; others are listed as hidden leaves")
        parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="where to write it")
        parser.add_argument("--without-payloads", action="store_true", help="withhold contents; commitments remain")
        parser.add_argument(
            "--continues",
            action="append",
            default=[],
            type=int,
            metavar="SIZE",
            help="size of a checkpoint kept elsewhere, which the bundle shall be shown to continue",
        )

    def handle(
        self, *, execution: UUID | None, since: datetime | None, until: datetime | None, output: Path, **options: Any
    ) -> None:
        """Write the bundle beside its place and move it there when it is whole."""
        if (execution is None) == (since is None) or (until and not since):
            raise CommandError("Name an execution, or a period with --since.")
        draft = output.with_name(f".{output.name}.{os.getpid()}")
        try:
            with draft.open("xb") as file:
                if execution is not None:
                    self._execution(file, execution, options)
                elif since is not None:
                    self._period(file, since, until, options)
            draft.replace(output)
        except (DomainError, ValueError) as error:
            raise CommandError(str(error)) from error
        finally:
            draft.unlink(missing_ok=True)
        self.stdout.write(f"{output}: {output.stat().st_size} bytes")

    def _execution(self, file: BinaryIO, execution: UUID, options: dict[str, Any]) -> None:
        row = Execution.objects.filter(pk=execution).first()
        if row is None:
            raise CommandError(f"There is no execution {execution}.")
        write_execution(
            file,
            row,
            contents=not options["without_payloads"],
            made_at=timezone.now(),
            continues=options["continues"],
        )

    def _period(self, file: BinaryIO, since: datetime, until: datetime | None, options: dict[str, Any]) -> None:
        slug = options["project"]
        project = Project.objects.filter(slug=slug).first() if slug else None
        if slug and project is None:
            raise CommandError(f"There is no project {slug}.")
        now = timezone.now()
        write_period(
            file,
            since=since,
            until=until or now,
            project_id=project.pk if project else None,
            contents=not options["without_payloads"],
            made_at=now,
            continues=options["continues"],
        )
