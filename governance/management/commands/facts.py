"""Writes the page of facts, from the one place that says what rules can see."""

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from governance.domain import fact_reference
from governance.domain.detectors import VERSION
from governance.domain.fact_reference import EVERY_WAY, Fact
from governance.domain.kinds import GROUP_TYPES, RESOURCE_TYPES
from governance.queries import detectors

FILE: Final = Path(__file__).resolve().parents[3] / "docs" / "reference" / "facts.md"
TEMPLATE: Final = Path(__file__).with_name("facts_page.md")


class Command(BaseCommand):
    help = "Write docs/reference/facts.md; with --check only see whether it is as it would be written."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *, check: bool, **options: Any) -> None:
        if not check:
            FILE.write_text(draw(), encoding="utf-8")
        elif FILE.read_text(encoding="utf-8") != draw():
            raise CommandError(f"{FILE.name} is not what `manage.py facts` writes.", returncode=1)


def draw() -> str:
    """Return the page."""
    facts = [_fact(fact) for fact in (*fact_reference.FACTS, fact_reference.ARGS)]
    return TEMPLATE.read_text(encoding="utf-8").format(
        actions="\n".join(_actions()), context="\n".join(facts), detectors=VERSION, figures="\n".join(_figures())
    )


def _row(cells: Iterable[str]) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def _actions() -> Iterable[str]:
    for kind, resource in RESOURCE_TYPES.items():
        ways = fact_reference.ASKED_BY[kind]
        group = GROUP_TYPES.get(resource)
        asked_by = "every way in" if ways == EVERY_WAY else ", ".join(ways)
        yield _row([f"`{kind.value}`", f"`{resource}`", f"`{group}`" if group else "", asked_by])


def _fact(fact: Fact) -> str:
    kind = f"{fact.written_type}, optional" if fact.optional else fact.written_type
    return _row([f"`{fact.path}`", kind, fact.unit, fact.meaning, fact.delivered_by, fact.since])


def _figures() -> Iterable[str]:
    for one in detectors.figures():
        yield _row([f"`{one.family.value}`", f"{one.precision:.2f}", f"{one.recall:.2f}", str(one.texts)])
