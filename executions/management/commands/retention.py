"""How long a project keeps contents, and erasing at once what is over."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from executions.management.operators import actor_with, add_person, add_project, find_project
from executions.services.retention import erase_expired
from governance.access import Permission
from governance.models import Project, RetentionRule
from governance.services.retention import keep_for
from waxell.lib.errors import DomainError


class Command(BaseCommand):
    help = "List and set how long contents are kept; `run` does at once what the sweeper does every ten minutes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        for name, text in (("list", "the rules of a project"), ("run", "erase what the rules no longer keep")):
            add_project(acts.add_parser(name, help=text))
        setting = acts.add_parser("set", help="keep contents for so many days after their execution ended")
        add_project(setting)
        days = setting.add_mutually_exclusive_group(required=True)
        days.add_argument("--days", type=int, metavar="N")
        days.add_argument("--forever", action="store_true", help="take the rule away")
        setting.add_argument("--payload", default="", metavar="NAME", help="only contents of this name, e.g. args")
        add_person(setting)

    def handle(self, *, act: str, project: str, **options: Any) -> None:
        """Print the rules, or how many contents were erased."""
        found = find_project(project)
        try:
            getattr(self, f"_{act}")(found, **options)
        except DomainError as error:
            raise CommandError(error.detail or error.title()) from error

    def _list(self, project: Project, **options: Any) -> None:
        rules = RetentionRule.objects.filter(project=project).order_by("payload")
        for rule in rules:
            self.stdout.write(str(rule))
        if not rules:
            self.stdout.write("Everything is kept.")

    def _set(self, project: Project, *, email: str, days: int | None, payload: str, **options: Any) -> None:
        actor = actor_with(Permission.ERASE, email, project)
        keep_for(project_id=project.pk, actor=actor, days=days, payload=payload)
        self._list(project)

    def _run(self, project: Project, **options: Any) -> None:
        erased = 0
        while round_erased := erase_expired(project_id=project.pk):
            erased += round_erased
        self.stdout.write(f"{erased} contents erased.")
