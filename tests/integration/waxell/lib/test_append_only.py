"""The guard that migrations put on evidence, as PostgreSQL enforces it against the table's own owner."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.plugin.server import TestServer
from waxell.lib.db import append_only

type Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def owner(database_server: TestServer) -> Iterator[Connection]:
    with psycopg.connect(database_server.address("owner").url(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def notes(owner: Connection) -> Iterator[str]:
    """A guarded table whose column `seen` may change, with one row."""
    owner.execute("CREATE TEMP TABLE probe_notes (id int, amount numeric, seen bool)")
    for statement in append_only.guard_statements("probe_notes", ("seen",)):
        owner.execute(statement.encode())
    owner.execute("INSERT INTO probe_notes VALUES (1, 1.0, false)")
    yield "probe_notes"
    owner.execute("DROP TABLE probe_notes")
    owner.execute('DROP FUNCTION "probe_notes_append_only"()')


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE probe_notes SET id = 2",
        "UPDATE probe_notes SET id = 2, seen = true",
        "UPDATE probe_notes SET amount = 1.00",
        "DELETE FROM probe_notes",
        "TRUNCATE probe_notes",
    ],
)
def test_a_change_is_refused_by_name_and_leaves_the_row(owner: Connection, notes: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation) as caught:
        owner.execute(statement.encode())
    assert caught.value.diag.constraint_name == f"{notes}_append_only"
    assert caught.value.diag.table_name == notes
    assert owner.execute("SELECT id, amount::text, seen FROM probe_notes").fetchall() == [(1, "1.0", False)]


def test_columns_that_may_change_do(owner: Connection, notes: str) -> None:
    owner.execute("UPDATE probe_notes SET seen = true")
    assert owner.execute("SELECT seen FROM probe_notes").fetchone() == (True,)


def test_columns_added_later_are_guarded_too(owner: Connection, notes: str) -> None:
    owner.execute("ALTER TABLE probe_notes ADD later text")
    with pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute("UPDATE probe_notes SET later = 'x'")


def test_the_guards_are_always_enabled(owner: Connection, notes: str) -> None:
    found = owner.execute(
        "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'probe_notes'::regclass ORDER BY tgname"
    ).fetchall()
    assert found == [(append_only.row_guard(notes), "A"), (append_only.truncate_guard(notes), "A")]


def test_names_stay_within_postgresqls_limit() -> None:
    long = "governance_" + "x" * 60
    names = {append_only.row_guard(long), append_only.truncate_guard(long), append_only.row_guard(long + "y")}
    assert len(names) == 3
    assert max(len(name.encode()) for name in names) < append_only.MAX_IDENTIFIER_BYTES
