"""Erases contents of an execution or of an end user. The entries that commit to them stay."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from executions.management.operators import actor_with, add_person, add_project, find_project
from executions.services import subjects
from governance.access import Permission
from waxell.lib.errors import DomainError, NotFound


class Command(BaseCommand):
    help = "Erase contents for good. Refuses what a legal hold keeps; backups keep what they have."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_project(parser)
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--execution", metavar="ID", help="contents of this execution and of its addenda")
        what.add_argument("--end-user", metavar="NAME", help="name or pseudonym: their name, and all done for them")
        parser.add_argument("--payload", metavar="NAME", help="of an execution: only contents of this name, e.g. args")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="why; kept beside the entry")
        add_person(parser)

    def handle(self, *, project: str, execution: str | None, end_user: str | None, **options: Any) -> None:
        """Print the entries that say what was erased, and the executions that must be erased later."""
        found = find_project(project)
        actor = actor_with(Permission.ERASE, options["email"], found)
        try:
            done = subjects.erase(
                project_id=found.pk,
                actor=actor,
                scope_type="execution" if execution else "end_user",
                scope_value=execution or end_user or "",
                payload=options["payload"],
                reason=options["reason"],
            )
        except NotFound as error:
            raise CommandError(f"There is nothing of {execution or end_user} in {project}.") from error
        except DomainError as error:
            raise CommandError(error.detail or error.title()) from error
        for receipt in done.entries:
            self.stdout.write(f"entry {receipt.seq} {receipt.digest}")
        for identity in done.waiting:
            self.stdout.write(f"execution {identity} still lives: erase again when it has ended")
        self.stdout.write(f"{done.payloads} contents erased.")
