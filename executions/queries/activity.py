"""The project's governance stream in time: who changed which rules, and who reached too far."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from executions.queries.records import Written, written_among, written_before
from governance.domain.changes import Change
from governance.models import Membership, Person
from governance.queries import publications

PAGE: Final = 50

AREAS: Final[Mapping[str, tuple[str, ...]]] = {
    "policies": ("policy.",),
    "budgets": ("budget.",),
    "stops": ("kill_order.",),
    "people": ("role.", "right.", "group."),
    "agents": ("agent.", "team.", "key.", "name.", "workflow.", "tool.", "model.", "mcp_"),
    "settings": ("project.", "settings.", "destination.", "retention."),
    "evidence": ("ledger.", "payloads.", "legal_hold."),
    "alarms": ("access.", "requests."),
}
"""What can be looked for, and how the types of its entries begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Entries, the newest first; `older` is where the next page begins, None at the end.

    `changes` tells, by the number of the rules that an entry put in force, what is different in them.
    """

    entries: tuple[Written, ...]
    people: dict[str, str]
    older: int | None
    changes: Mapping[int, tuple[Change, ...]] = field(default_factory=dict)


def page(
    project_id: UUID, *, before: int | None = None, area: str | None = None, person: UUID | None = None
) -> Activity:
    """Return the entries before number `before`, or the newest ones, and the names of those in them.

    `area` is one of AREAS; `person` is who did it. An unknown area has no entries.
    """
    rows = written_before(
        project_id,
        project_id,
        before=before,
        limit=PAGE + 1,
        begins=None if area is None else AREAS.get(area, ()),
        person=person,
    )
    entries = rows[:PAGE]
    numbers = [entry.body["published"]["number"] for entry in entries if entry.body.get("published")]
    return Activity(
        entries=entries,
        people=names(_mentioned(entries)),
        older=entries[-1].seq if len(rows) > PAGE else None,
        changes=publications.changes_of(project_id, numbers),
    )


def among(project_id: UUID, numbers: Iterable[int]) -> Activity:
    """Return the entries of these numbers, the newest first, and the names of those in them."""
    entries = written_among(project_id, project_id, numbers)
    return Activity(entries=entries, people=names(_mentioned(entries)), older=None)


def names(people: set[str]) -> dict[str, str]:
    """Return how people are called, by id."""
    return {str(person.pk): str(person) for person in Person.objects.filter(pk__in=people).order_by("pk")}


def members(project_id: UUID) -> dict[str, str]:
    """Return those with a role in the project, by id, in the order of their names."""
    found = Person.objects.filter(pk__in=Membership.objects.filter(project=project_id).values("person"))
    return {str(person.pk): str(person) for person in sorted(found, key=lambda person: str(person).casefold())}


def _mentioned(entries: tuple[Written, ...]) -> set[str]:
    found: set[str] = set()
    for entry in entries:
        body = entry.body
        found |= {body.get("actor", {}).get("person"), body.get("person"), body.get("accountable")} - {None}
        found |= set(body.get("people", ()))
    return found
