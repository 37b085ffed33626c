"""What came in force, when, by whom, and what it changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from governance import models
from governance.domain import changes
from governance.domain.changes import Change
from governance.models import ApiKey, Person
from waxell.ledger.models import Entry

PAGE: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Rules in force, no. `number`. `by` is a person, a key with its person, or a part of the system."""

    number: int
    at: datetime
    by: str
    entry_seq: int
    changes: tuple[Change, ...]


def before(project_id: UUID, number: int | None = None) -> tuple[tuple[Publication, ...], bool]:
    """Return the newest publications, or those before `number`; and whether there are older ones."""
    found = models.GovernanceState.objects.filter(project=project_id).order_by("-number")
    if number is not None:
        found = found.filter(number__lt=number)
    # One more than is shown: the last one is compared with it.
    states = list(found[: PAGE + 1])
    manifests = [orjson.loads(bytes(state.manifest)) for state in states]
    older = [*manifests[1:], {}]
    actors = _actors(project_id, [state.entry_seq for state in states[:PAGE]])
    publications = tuple(
        Publication(
            number=state.number,
            at=state.created_at,
            by=actors.get(state.entry_seq, ""),
            entry_seq=state.entry_seq,
            changes=changes.between(older[index], manifests[index]),
        )
        for index, state in enumerate(states[:PAGE])
    )
    return publications, len(states) > PAGE


def changes_of(project_id: UUID, numbers: Iterable[int]) -> dict[int, tuple[Change, ...]]:
    """Return what each of these numbers changed in the rules, by number; in one query, also where there are none."""
    wanted = set(numbers)
    # Number 0 stands before the first and is never there.
    asked = {0, *wanted, *(number - 1 for number in wanted)}
    states = models.GovernanceState.objects.filter(project=project_id, number__in=asked)
    manifests = {number: orjson.loads(bytes(content)) for number, content in states.values_list("number", "manifest")}
    return {
        number: changes.between(manifests.get(number - 1, {}), manifests[number])
        for number in wanted & manifests.keys()
    }


def _actors(project_id: UUID, seqs: list[int]) -> dict[int, str]:
    entries = Entry.objects.filter(project_id=project_id, stream=project_id, seq__in=seqs).order_by("seq")
    actors: dict[int, dict[str, Any]] = {
        seq: orjson.loads(bytes(body)).get("actor", {}) for seq, body in entries.values_list("seq", "body")
    }
    wanted = {actor["person"] for actor in actors.values() if "person" in actor}
    people = {str(person.pk): str(person) for person in Person.objects.filter(pk__in=wanted).order_by("pk")}
    ids = {actor["key"] for actor in actors.values() if "key" in actor}
    keys = {
        key.pk: key.service or (key.agent.slug if key.agent else "")
        for key in ApiKey.objects.filter(pk__in=ids).select_related("agent").order_by("pk")
    }
    return {seq: _called(actor, people, keys) for seq, actor in actors.items()}


def _called(actor: dict[str, Any], people: dict[str, str], keys: dict[str, str]) -> str:
    person = people.get(actor.get("person", ""), "")
    if "key" in actor:
        return f"{keys.get(actor['key'], '')} ({person})".strip()
    return person or str(actor.get("system", ""))
