"""gate_allow_v1 believes nobody: whatever else the application role hands it, nothing is written."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection

from governance.models import Project, ProjectHead, Window
from tests.factories import make_budget, make_project, make_tool
from tests.factories.executions import Run, start
from waxell.ledger.domain.entries import commit_all
from waxell.ledger.models import Entry
from waxell.ledger.services.appending import salt_all
from waxell.lib import canonical
from waxell.lib.ids import uuid7
from waxell.lib.times import format_time

type Arguments = dict[str, Any]

CALL: Final = """
SELECT gate_allow_v1(
    %(project)s::uuid, %(execution)s::uuid, %(seq)s::bigint, %(fence)s::bigint, %(state)s::bytea, %(epoch)s::bigint,
    %(at)s::timestamptz, %(renew)s::integer, %(kind)s::text, %(call)s::bytea, %(repeats)s::bigint,
    %(windows)s::bigint[], %(amounts)s::bigint[], %(body)s::bytea, %(salt)s::bytea, %(args)s::bytea,
    %(caller)s::text, %(path)s::text, %(key)s::text, %(request)s::bytea, %(answer)s::bytea)
"""
EVERYTHING: Final = """
SELECT (SELECT json_agg(x ORDER BY x.id)::text FROM executions_execution x),
       (SELECT json_agg(w ORDER BY w.id)::text FROM governance_window w),
       (SELECT json_agg(r ORDER BY r.id)::text FROM governance_reservation r),
       (SELECT count(*) FROM ledger_entry), (SELECT count(*) FROM ledger_payload),
       (SELECT count(*) FROM ledger_seal_queue), (SELECT count(*) FROM governance_storedanswer)
"""


@pytest.fixture
def run(project: Project) -> Run:
    """An execution with one action, which reserved in a window of its own and in one of the project."""
    make_tool(project, "search")
    make_budget(project, limit=4)
    make_budget(project, limit=4, scope_type="execution", period="per_execution")
    run = start(project)
    run.ask(args={"q": "x"})
    return run


def honest(run: Run) -> Arguments:
    """What the gate would hand over for one more action like the last one."""
    row, last = run.row, run.entries[-1]
    head = ProjectHead.objects.get(project=row.project_id)
    at = _now()
    windows = Window.objects.filter(project=row.project_id, member__in=("", str(run.id)))
    (salted,) = salt_all({"args": b'{"q":"x"}'})
    return {
        "project": row.project_id,
        "execution": run.id,
        "seq": row.seq,
        "fence": row.fence,
        "state": bytes(head.digest or b""),
        "epoch": head.epoch,
        "at": at,
        "renew": 60,
        "kind": "tool.call",
        "call": bytes(32),
        "repeats": 0,
        "windows": list(windows.order_by("id").values_list("id", flat=True)),
        "amounts": [1, 1],
        "body": canonical.encode(
            {
                **last,
                "seq": row.seq + 1,
                "prev": canonical.digest(_bytes(run)),
                "at": format_time(at),
                "payloads": commit_all([salted]),
            }
        ),
        "salt": salted.salt,
        "args": salted.content,
        "caller": "c",
        "path": "/p",
        "key": "k",
        "request": bytes(32),
        "answer": b"{}",
    }


def test_honest_arguments_write_all_of_one_action(run: Run) -> None:
    before = run.row

    _call(honest(run))

    after = run.row
    assert (after.seq, after.actions, after.unresolved) == (before.seq + 1, before.actions + 1, before.unresolved + 1)
    assert list(Window.objects.values_list("reserved", flat=True)) == [2, 2]
    assert run.entries[-1]["decision"]["verdict"] == "allow"
    run.close()


def _entry(**members: object) -> Callable[[Run, Arguments], Arguments]:
    """Hand over an entry in which these members are others, or are missing (None)."""

    def spoil(run: Run, given: Arguments) -> Arguments:
        line = {**run.entries[-1], "seq": given["seq"] + 1, "prev": canonical.digest(_bytes(run)), **members}
        return {"body": canonical.encode({name: value for name, value in line.items() if value is not None})}

    return spoil


def _given(**values: object) -> Callable[[Run, Arguments], Arguments]:
    return lambda run, given: values


def _moved(name: str, by: object) -> Callable[[Run, Arguments], Arguments]:
    return lambda run, given: {name: given[name] + by}


STALE, REFUSED, BROKEN = "WX001", "23001", "23"
HOSTILE: Final[dict[str, tuple[str, Callable[[Run, Arguments], Arguments]]]] = {
    "verdict deny": (REFUSED, _entry(decision={"verdict": "deny", "reasons": []})),
    "verdict hold": (REFUSED, _entry(decision={"verdict": "hold", "reasons": []})),
    "no verdict": (REFUSED, _entry(decision={"reasons": []})),
    "no decision": (REFUSED, _entry(decision=None)),
    "another type": (REFUSED, _entry(type="execution.closed")),
    "no type": (REFUSED, _entry(type=None)),
    "an entry of another number": (STALE, _entry(seq=7)),
    "an entry of another stream": (STALE, _entry(stream=str(uuid7()))),
    "an entry of another project": (STALE, _entry(project=str(uuid7()))),
    "an entry after another": (STALE, _entry(prev="sha256:" + "0" * 64)),
    "not JSON": ("22P02", _given(body=b"{")),
    "no body": (REFUSED, _given(body=None)),
    "an older sequence": (STALE, _moved("seq", -1)),
    "a later sequence": (STALE, _moved("seq", 1)),
    "an older fence": (STALE, _moved("fence", -1)),
    "a later fence": (STALE, _moved("fence", 1)),
    "an older epoch": (STALE, _moved("epoch", -1)),
    "a later epoch": (STALE, _moved("epoch", 1)),
    "another state": (STALE, _given(state=bytes(32))),
    "no state": (STALE, _given(state=None)),
    "no project": (STALE, _given(project=None)),
    "no execution": (STALE, _given(execution=uuid7())),
    "decided six seconds ago": (STALE, _moved("at", timedelta(seconds=-6))),
    "decided in a minute": (STALE, _moved("at", timedelta(minutes=1))),
    "decided never": (STALE, _given(at=None)),
    "negative amounts": (BROKEN, _given(amounts=[-1, -1])),
    "one negative amount": (BROKEN, _given(amounts=[1, -1])),
    "more than there is": (STALE, _given(amounts=[1, 4])),
    "more than any number": (STALE, _given(amounts=[1, 2**62])),
    "past the largest number": ("22003", _given(amounts=[1, 2**63 - 1])),
    "more windows than amounts": (STALE, _given(amounts=[1])),
    "amounts that are none": (STALE, _given(amounts=[None, None])),
    "one window twice": (STALE, lambda run, given: {"windows": [given["windows"][0]] * 2}),
    "a window that is none": (STALE, _given(windows=[None, None])),
    "a window that does not exist": (STALE, _given(windows=[2**60], amounts=[1])),
    "a window of another project": (STALE, lambda run, given: {"windows": [_foreign_window()], "amounts": [1]}),
    "another execution's window": (STALE, lambda run, given: {"windows": [_window_beside(run)], "amounts": [1]}),
    "a salt that is short": (BROKEN, _given(salt=b"x")),
    "no salt": (BROKEN, _given(salt=None)),
    "no kind": (BROKEN, _given(kind=None)),
    "a request without a caller": (BROKEN, _given(caller=None)),
    "a request without a body": (BROKEN, _given(request=None)),
}


def test_nothing_else_writes_anything(run: Run) -> None:
    unexpected = {}
    for name, (expected, spoil) in HOSTILE.items():
        given = honest(run)
        given |= spoil(run, given)
        before = _everything()
        if "epoch" not in name:
            # Making a stranger's window may have registered something.
            given["epoch"] = ProjectHead.objects.get(project=run.row.project_id).epoch
        refusal = _refusal(given)
        if not refusal.startswith(expected) or _everything() != before:
            unexpected[name] = refusal

    assert unexpected == {}
    assert _refusal(honest(run)) == ""


def test_a_window_of_another_day_is_not_this_actions(run: Run, owner: psycopg.Connection[Any]) -> None:
    moved = "UPDATE governance_window SET start_at = start_at {0}, end_at = end_at {0} WHERE end_at IS NOT NULL"
    for there, back in (("- interval '1 day'", "+ interval '1 day'"), ("+ interval '1 day'", "- interval '1 day'")):
        owner.execute(moved.format(there))
        before = _everything()

        assert _refusal(honest(run)) == "WX001"

        assert _everything() == before
        owner.execute(moved.format(back))


def test_an_execution_that_does_not_run_is_refused(run: Run) -> None:
    given = honest(run)
    run.close()
    given |= {"seq": run.row.seq, "fence": run.row.fence}
    before = _everything()

    assert _refusal(given) == "WX001"
    assert _everything() == before


def test_a_twin_of_a_stored_answer_is_refused(run: Run) -> None:
    _call(honest(run))
    before = _everything()

    assert _refusal(honest(run)) == "WX001"
    assert _everything() == before


def _refusal(given: Arguments) -> str:
    """The SQLSTATE of the refusal; empty where there was none."""
    try:
        _call(given)
    except DatabaseError as error:
        return str(getattr(error.__cause__, "sqlstate", "no SQLSTATE"))
    return ""


def _call(given: Arguments) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CALL, given)


def _everything() -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(EVERYTHING)
        return tuple(cursor.fetchone())


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now.astimezone(UTC)


def _bytes(run: Run) -> bytes:
    return bytes(Entry.objects.filter(stream=run.id).latest("seq").body)


def _foreign_window() -> int:
    project = make_project()
    make_tool(project, "search")
    make_budget(project)
    start(project).ask()
    return Window.objects.get(project=project).pk


def _window_beside(run: Run) -> int:
    beside = start(Project.objects.get(pk=run.row.project_id), caller=run.caller)
    beside.ask()
    return Window.objects.get(member=str(UUID(str(beside.id)))).pk
