"""Looks at everything that must always be true, and says in plain words where it is not."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from executions.queries import installation
from executions.queries.invariants import Part, examine
from governance.models import Project
from waxell.lib.times import parse_time

MOST_NAMED: Final = 100


class Command(BaseCommand):
    help = "Check that books, ledger and decisions agree. Ends with 1 where something is violated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", metavar="SLUG", help="only this project")
        parser.add_argument(
            "--since",
            type=parse_time,
            metavar="TIME",
            help="only what was opened since (RFC 3339, e.g. 2026-03-01T00:00:00Z)",
        )

    def handle(self, *, project: str | None, since: datetime | None, **options: Any) -> None:
        """Print one line for each invariant and for each violation."""
        part = Part(project_id=self._project(project), since=since)
        violated = 0
        for invariant, found in examine(part):
            number = len(found.violations)
            violated += number
            self._line(
                invariant.code,
                not number,
                f"{invariant.sentence}: {found.checked} {invariant.things}, {number} violations",
            )
            for violation in found.violations[:MOST_NAMED]:
                self.stdout.write(f"       {violation.subject}: {violation.message}")
            if number > MOST_NAMED:
                self.stdout.write(f"       and {number - MOST_NAMED} more")
            for note in found.notes[:MOST_NAMED]:
                self.stdout.write(f"       note: {note}")
        failed = 0
        for finding in installation.findings():
            failed += finding.fails
            self._line(finding.subject, finding.holds, finding.message, warns=not finding.fails)
        if violated or failed:
            raise CommandError(f"{violated} violations, {failed} broken promises of the installation.", returncode=1)

    def _line(self, subject: str, holds: bool, text: str, *, warns: bool = False) -> None:
        mark = "ok" if holds else "WARN" if warns else "FAIL"
        style = self.style.SUCCESS if holds else self.style.WARNING if warns else self.style.ERROR
        self.stdout.write(f"{style(f'{mark:5}')} {subject} {text}")

    def _project(self, slug: str | None) -> Any:
        if slug is None:
            return None
        found = Project.objects.filter(slug=slug).values_list("id", flat=True).first()
        if found is None:
            raise CommandError(f"There is no project {slug}.")
        return found
