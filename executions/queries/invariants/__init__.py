"""What must be true of books and ledger at any moment, whatever died on the way.

Each invariant looks at what the database holds and names every place where it does not hold.
Everything is read from one snapshot, so traffic does no harm.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import DataError, connection, transaction

from executions.queries.invariants.books import BOOKS_AGREE, ENDS_ONCE, WITHIN_LIMITS
from executions.queries.invariants.chains import CHAINED
from executions.queries.invariants.decisions import REPLAYED
from executions.queries.invariants.endings import CLOSED_ONCE
from executions.queries.invariants.examining import Examination, Invariant, Part, Violation
from executions.queries.invariants.logs import CONSISTENT
from executions.queries.invariants.sealing import QUEUED_OR_SEALED

__all__ = ["INVARIANTS", "Examination", "Invariant", "Part", "Violation", "check_invariants", "examine"]

INVARIANTS: Final[tuple[Invariant, ...]] = (
    BOOKS_AGREE,
    WITHIN_LIMITS,
    ENDS_ONCE,
    CHAINED,
    CLOSED_ONCE,
    QUEUED_OR_SEALED,
    REPLAYED,
    CONSISTENT,
)


def check_invariants(part: Part | None = None) -> list[Violation]:
    """Return every violation in a part of the installation; the whole unless told otherwise."""
    return [violation for _, examination in examine(part) for violation in examination.violations]


def examine(part: Part | None = None) -> Iterator[tuple[Invariant, Examination]]:
    """Yield each invariant with what was found. Nothing is locked and nothing changes."""
    with _one_snapshot():
        for invariant in INVARIANTS:
            yield invariant, _examined(invariant, part or Part())


def _examined(invariant: Invariant, part: Part) -> Examination:
    try:
        # A savepoint: bytes that somebody spoilt must not end the other examinations.
        with transaction.atomic():
            return invariant.examine(part)
    except DataError as error:
        spoilt = Violation(invariant=invariant.code, subject="ledger", message=f"An entry cannot be read: {error}")
        return Examination(checked=0, violations=(spoilt,))


@contextmanager
def _one_snapshot() -> Iterator[None]:
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
