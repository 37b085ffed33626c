"""Places, lists and lifts legal holds: what one keeps cannot be erased."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from executions.management.operators import actor_with, add_person, add_project, find_project
from executions.queries import legal_holds as queries
from executions.services import subjects
from governance.access import Permission
from governance.models import LegalHold, Project
from governance.services import legal_holds
from waxell.lib.errors import DomainError
from waxell.lib.ids import parse_uuid
from waxell.lib.times import format_time


class Command(BaseCommand):
    help = "Keep contents from being erased, by people or by retention."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        shown = acts.add_parser("list", help="holds in force")
        add_project(shown)
        shown.add_argument("--lifted", action="store_true", help="those lifted too")
        placed = acts.add_parser("place", help="on the whole project unless one thing is named")
        add_project(placed)
        what = placed.add_mutually_exclusive_group()
        what.add_argument("--execution", metavar="ID")
        what.add_argument("--end-user", metavar="NAME", help="name or pseudonym")
        lifted = acts.add_parser("lift")
        add_project(lifted)
        lifted.add_argument("hold", metavar="ID")
        for act in (placed, lifted):
            act.add_argument("--reason", required=True, metavar="TEXT", help="why; kept beside the entry")
            add_person(act)

    def handle(self, *, act: str, project: str, **options: Any) -> None:
        """Print one line for each hold listed, placed or lifted."""
        found = find_project(project)
        try:
            if act == "list":
                self._list(found, lifted=options["lifted"])
            else:
                getattr(self, f"_{act}")(found, **options)
        except DomainError as error:
            raise CommandError(error.detail or error.title()) from error

    def _list(self, project: Project, *, lifted: bool) -> None:
        rows = queries.listed(project.pk).order_by("id")
        for hold in rows if lifted else rows.filter(lifted_at__isnull=True):
            self._tell(hold)

    def _place(self, project: Project, *, email: str, reason: str, **options: Any) -> None:
        execution, end_user = options["execution"], options["end_user"]
        hold = subjects.hold(
            project_id=project.pk,
            actor=actor_with(Permission.ERASE, email, project),
            scope_type="execution" if execution else "end_user" if end_user else "project",
            scope_value=execution or end_user,
            reason=reason,
        )
        self._tell(hold)

    def _lift(self, project: Project, *, email: str, reason: str, hold: str, **options: Any) -> None:
        actor = actor_with(Permission.ERASE, email, project)
        found = queries.listed(project.pk).filter(pk=parse_uuid(hold)).first()
        if found is None:
            raise CommandError(f"There is no legal hold {hold} in {project.slug}.")
        legal_holds.lift(hold=found, actor=actor, reason=reason)
        self._tell(found)

    def _tell(self, hold: LegalHold) -> None:
        state = f"lifted {format_time(hold.lifted_at)}" if hold.lifted_at else "in force"
        self.stdout.write(f"{hold.pk} {hold} {state}, entry {hold.entry_seq}")
