"""What every examination is made of: a part to look at, rows read as they come, and what was found."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from executions.queries.executions import first_id_at

AT_ONCE: Final = 1000
"""Rows in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What to look at. `since` leaves out streams and executions opened before it.

    Windows are sums over their whole life, so they are looked at whole: `since` does not limit them.
    """

    project_id: UUID | None = None
    since: datetime | None = None

    @property
    def params(self) -> dict[str, UUID | None]:
        """The part as the queries take it: `%(project)s` and `%(first)s`, an oldest UUIDv7."""
        return {
            "project": self.project_id,
            "first": None if self.since is None else first_id_at(self.since),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One place where an invariant does not hold. `subject` says what, `message` how, in plain words."""

    invariant: str
    subject: str
    message: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.subject}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """How many things were looked at, what is wrong, and what could not be looked at and why."""

    checked: int
    violations: tuple[Violation, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """Something that always holds. `things` names what it is counted in."""

    code: str
    sentence: str
    things: str
    examine: Callable[[Part], Examination]


def rows(sql: str, part: Part) -> Iterator[Sequence[Any]]:
    """Yield a query's rows from a server-side cursor."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, part.params)
        while batch := cursor.fetchmany(AT_ONCE):
            yield from batch


def count(sql: str, part: Part) -> int:
    """Return the one number that a query gives."""
    with connection.cursor() as cursor:
        cursor.execute(sql, part.params)
        (number,) = cursor.fetchone()
        return int(number)
