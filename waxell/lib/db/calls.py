"""Prepared, binary calls on Django's own connection, for the roads where microseconds count.

Django leaves prepared statements off and builds SQL on the client. Here the statement is parsed
and planned once per connection, arguments and results travel in binary, and outside `atomic()`
the call is its own transaction: one round trip, no BEGIN, no COMMIT.
Such calls do not appear in `connection.queries`.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.db import connections
from psycopg import Cursor
from psycopg.rows import namedtuple_row
from psycopg.types.numeric import Int8BinaryDumper

_NEVER_BY_COUNT: Final = 2**31


def call(sql: str, params: Sequence[object] = (), *, using: str = "default") -> list[Any]:
    """Run one statement and return its rows as named tuples; [] where it returns none.

    Placeholders are `%s`. Integers travel as bigint whatever their size, so that one text is one
    prepared statement: write `%s::integer` where a function takes less. jsonb arrives parsed,
    bytea as bytes. Raises Django's database errors, with psycopg's as `__cause__`.
    """
    connection: Any = connections[using]
    connection.ensure_connection()
    session = connection.connection
    if session.prepare_threshold is None:
        # Django switches preparing off altogether; this leaves its own statements unprepared all the same.
        session.prepare_threshold = _NEVER_BY_COUNT
    with connection.wrap_database_errors, Cursor(session) as cursor:
        cursor.row_factory = namedtuple_row
        cursor.adapters.register_dumper(int, Int8BinaryDumper)
        cursor.execute(sql, params, prepare=True, binary=True)
        return cursor.fetchall() if cursor.description else []


def call_one(sql: str, params: Sequence[object] = (), *, using: str = "default") -> Any:
    """Run one statement that returns at most one row; returns it as a named tuple, or None."""
    rows = call(sql, params, using=using)
    return rows[0] if rows else None
