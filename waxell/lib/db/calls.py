"""Prepared, binary calls on Django's own connection, for the roads where microseconds count.

Django leaves prepared statements off and builds SQL on the client. Here the statement is parsed
and planned once per connection, arguments and results travel in binary, and outside `atomic()`
the call is its own transaction: one round trip, no BEGIN, no COMMIT.
Such calls do not appear in `connection.queries`.
"""

from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from django.db import connections
from psycopg import Connection, Cursor
from psycopg.types.json import set_json_loads
from psycopg.types.numeric import Int8BinaryDumper

_NEVER_BY_COUNT: Final = 2**31
# The named tuple of each statement's rows: making one costs more than reading a row.
_shapes: Final[dict[str, Any]] = {}


type Params = Sequence[object] | Mapping[str, object]


def call(sql: str, params: Params = (), *, using: str = "default") -> list[Any]:
    """Run one statement and return its rows as named tuples; [] where it returns none.

    Placeholders are `%s`, or `%(name)s` with a mapping. Integers travel as bigint whatever their
    size, so that one text is one prepared statement: write `%s::integer` where a function takes
    less. jsonb arrives parsed, bytea as bytes. Raises Django's database errors, with psycopg's as `__cause__`.
    """
    connection: Any = connections[using]
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = _cursor(connection)
        cursor.execute(sql, params, prepare=True, binary=True)
        result = cursor.pgresult
        if result is None or not result.nfields:
            return []
        shape: Any = _shapes.get(sql)
        if shape is None or len(shape._fields) != result.nfields:
            names = [(result.fname(place) or b"").decode() for place in range(result.nfields)]
            shape = _shapes[sql] = namedtuple("Row", names, rename=True)
        return [shape._make(row) for row in cursor.fetchall()]


def call_one(sql: str, params: Params = (), *, using: str = "default") -> Any:
    """Run one statement that returns at most one row; returns it as a named tuple, or None."""
    rows = call(sql, params, using=using)
    return rows[0] if rows else None


def _cursor(connection: Any) -> Cursor[Any]:
    """One cursor for each session, kept with what it learned about types. A session belongs to one thread."""
    session: Connection[Any] = connection.connection
    kept: Cursor[Any] | None = getattr(connection, "prepared_calls", None)
    if kept is not None and kept.connection is session:
        return kept
    if session.prepare_threshold is None:
        # Django switches preparing off altogether; this leaves its own statements unprepared all the same.
        session.prepare_threshold = _NEVER_BY_COUNT
    made: Cursor[Any] = Cursor(session)
    made.adapters.register_dumper(int, Int8BinaryDumper)
    set_json_loads(orjson.loads, made)
    connection.prepared_calls = made
    return made
