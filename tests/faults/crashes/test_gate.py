"""A6: a crash at any point of the gate, the settle or the close leaves before or after, and nothing between."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.db import DatabaseError, InterfaceError, connection

from governance.models import Project
from tests.faults.crashes.points import Rows, Wire
from tests.faults.crashes.scenes import SCENES, finish

# What a scene passes at least, so that nobody counts points that are no longer there.
WRITES = {
    "admitted": {"insert of executions_execution", "insert of ledger_entry", "insert of governance_storedanswer"},
    "allowed": {"update of executions_execution", "insert of ledger_entry", "insert of governance_reservation"},
    "closed": {"update of executions_execution", "insert of ledger_entry", "update of governance_reservation"},
    "escalated": {"insert of governance_approvalstep", "insert of ledger_entry"},
    "settled": {"update of governance_window", "update of governance_reservation", "insert of ledger_seal_queue"},
}

COMMIT = "before commit"
# A child that the crash left running is stopped by the sweeper, with a decision of its own; a name that it kept from
# being remembered is remembered at its next use.
DECISION = Counter({"ledger_entry": 1, "ledger_seal_queue": 1})
OTHERWISE: dict[str, Callable[[Counter[str]], Counter[str]]] = {
    "halted": lambda whole: whole + DECISION,
    "cancelled": lambda whole: whole + DECISION,
    "discovering": lambda whole: whole - Counter({"governance_tool": 1}),
}
ON_THE_WAY = ("admitted", "allowed_again", "halted", "voted", "settled", "closed")

type Picture = dict[str, tuple[int, str]]


def picture() -> Picture:
    """Every table of the product: how many rows it has, and a digest of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'waxell' ORDER BY 1")
        each = " UNION ALL ".join(
            f"SELECT '{name}', count(*), coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM {name} t"  # noqa: S608
            for (name,) in cursor.fetchall()
        )
        cursor.execute(each)
        return {name: (count, digest) for name, count, digest in cursor.fetchall()}


def growth(before: Picture, after: Picture) -> Counter[str]:
    return Counter({name: after[name][0] - count for name, (count, _) in before.items() if after[name][0] != count})


def effect_of(name: str, project: Project, run: AbstractContextManager[object]) -> Counter[str]:
    """What a scene adds to each table when nothing happens to it. The first one opens what the others share."""
    finish(SCENES[name](project))
    act = SCENES[name](project)
    before = picture()
    with run:
        finish(act)
    return growth(before, picture())


def is_once(name: str, whole: Counter[str], grown: Counter[str]) -> bool:
    """Whether the effect is there, once, or once in the other way that is allowed."""
    return grown in (whole, OTHERWISE.get(name, Counter.copy)(whole))


def has_committed(points: list[str]) -> bool:
    """Whether a transaction was over before the last of these points."""
    return COMMIT in points[:-1]


@pytest.mark.parametrize("name", SCENES)
def test_a_crash_inside_postgresql_leaves_before_or_after(rows: Rows, project: Project, name: str) -> None:
    whole = effect_of(name, project, rows.armed())
    points = list(rows.passed)
    assert {f"before {write}" for write in WRITES.get(name, set())} <= set(points)

    for number, point in enumerate(points, start=1):
        act = SCENES[name](project)
        before = picture()
        with rows.armed(number), pytest.raises((DatabaseError, InterfaceError)):
            finish(act)
        assert rows.passed == points[:number]
        assert (point, picture() == before) == (point, not has_committed(rows.passed))
        finish(act)
        grown = growth(before, picture())
        assert is_once(name, whole, grown), (point, grown, whole)


@pytest.mark.parametrize("loses_answer", [False, True], ids=["question lost", "answer lost"])
@pytest.mark.parametrize("name", ON_THE_WAY)
def test_a_cut_on_the_way_leaves_before_or_after(wire: Wire, project: Project, name: str, loses_answer: bool) -> None:
    whole = effect_of(name, project, wire.armed())
    exchanges = wire.begun
    assert exchanges >= 1

    for number in range(1, exchanges + 1):
        act = SCENES[name](project)
        before = picture()
        with wire.armed(number, loses_answer=loses_answer), pytest.raises((DatabaseError, InterfaceError)):
            finish(act)
        finish(act)
        grown = growth(before, picture())
        assert is_once(name, whole, grown), (number, grown, whole)
