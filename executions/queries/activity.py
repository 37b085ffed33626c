"""The project's governance stream in time: who changed which rules, and who reached too far."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from executions.queries.records import Written, written_among, written_before
from governance.models import Person

PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Entries, the newest first; `older` is where the next page begins, None at the end."""

    entries: tuple[Written, ...]
    people: dict[str, str]
    older: int | None


def page(project_id: UUID, *, before: int | None = None) -> Activity:
    """Return the entries before number `before`, or the newest ones, and the names of those in them."""
    rows = written_before(project_id, project_id, before=before, limit=PAGE + 1)
    entries = rows[:PAGE]
    return Activity(
        entries=entries,
        people=names(_mentioned(entries)),
        older=entries[-1].seq if len(rows) > PAGE else None,
    )


def among(project_id: UUID, numbers: Iterable[int]) -> Activity:
    """Return the entries of these numbers, the newest first, and the names of those in them."""
    entries = written_among(project_id, project_id, numbers)
    return Activity(entries=entries, people=names(_mentioned(entries)), older=None)


def names(people: set[str]) -> dict[str, str]:
    """Return how people are called, by id."""
    return {str(person.pk): str(person) for person in Person.objects.filter(pk__in=people).order_by("pk")}


def _mentioned(entries: tuple[Written, ...]) -> set[str]:
    found: set[str] = set()
    for entry in entries:
        body = entry.body
        found |= {body.get("actor", {}).get("person"), body.get("person"), body.get("accountable")} - {None}
        found |= set(body.get("people", ()))
    return found
