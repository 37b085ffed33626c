"""What `manage.py plan` and `manage.py apply` share: reading the folder, and telling what differs."""

from argparse import ArgumentParser
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import ClassVar

from django.core.management.base import BaseCommand, CommandError

from executions.management.operators import actor_with, add_person, find_project
from governance.access import Permission
from governance.domain import rule_files
from governance.domain.rule_files import RulesFileInvalid
from governance.services import applying
from governance.services.applied_kinds import RulesNotApplicable
from governance.services.applying import Applied, Difference


class RulesCommand(BaseCommand):
    """A command about a folder with `waxell.toml` in it."""

    takes_effect: ClassVar[bool]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help=f"the folder with {rule_files.MAIN}")
        parser.add_argument("--note", default="", metavar="TEXT", help="why; kept with every version that is made")
        parser.add_argument(
            "--override", default="", metavar="TEXT", help="why policies may be published though their test cases fail"
        )
        add_person(parser)

    def perform(self, folder: Path, email: str, note: str, override: str) -> Applied:
        """Read, rehearse or apply, and tell. Raises CommandError."""
        try:
            rules = rule_files.read(lambda name: (folder / name).read_text(encoding="utf-8"))
            project = find_project(rules.project)
            actor = actor_with(Permission.OWN_PROJECT, email, project)
            act = applying.apply if self.takes_effect else applying.rehearse
            applied = act(project=project, actor=actor, desired=rules.desired, note=note, override=override)
        except RulesFileInvalid as error:
            raise CommandError(str(error)) from error
        except RulesNotApplicable as error:
            lines = [f"  line {one.get('line', '?')}: {one['message']}" for one in error.errors]
            raise CommandError("\n".join([str(error), *lines])) from error
        for difference in applied.differences:
            for line in told(difference):
                self.stdout.write(line)
        self.stdout.write(summary(applied))
        return applied


def told(difference: Difference) -> Iterator[str]:
    """Yield what differs of one thing: `+` is new, `~` another one."""
    desired, was = difference.desired, difference.was
    yield f"{'+' if was is None else '~'} {desired.kind}.{desired.slug}"
    unit = desired.values.get("unit")
    for name in difference.fields:
        now = desired.values[name]
        if name == "text":
            before = "" if was is None else was["text"]
            lines = unified_diff(before.splitlines(), now.splitlines(), lineterm="", n=1)
            yield from (f"      {line}" for line in list(lines)[2:])
        elif was is None:
            if now not in (None, "", []):
                yield f"    {name}: {rule_files.shown(name, now, unit=unit)}"
        else:
            before, after = (rule_files.shown(name, value, unit=unit) for value in (was[name], now))
            yield f"    {name}: {before} -> {after}"
    if not difference.fields:
        yield "    adopted"


def summary(applied: Applied) -> str:
    """Return how much there is to do, and what the files do not speak of."""
    count = len(applied.differences)
    lines = [f"{count} to change, {applied.same} as they shall be." if count else f"Nothing to change: {applied.same}."]
    if applied.unspoken:
        others = ", ".join(f"{kind}.{slug}" for kind, slug in applied.unspoken)
        lines.append(f"Not in these files, and left alone: {others}")
    return "\n".join(lines)
