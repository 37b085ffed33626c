"""Statements of the hottest road, called through libpq itself.

`calls.call` still looks at every argument's type and builds a cursor's state; on a road that is
taken for every action that costs as much as the work in PostgreSQL. Here the caller gives bytes
in PostgreSQL's binary format, and psycopg only reads the result.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import orjson
from django.db import connections
from psycopg import Connection, Cursor, OperationalError, errors
from psycopg.adapt import Transformer
from psycopg.pq import DiagnosticField, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.types.json import set_json_loads

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_INT8_OID: Final = 20
_BINARY: Final = int(Format.BINARY)
_UNKNOWN_STATEMENT: Final = b"26000"


class Prepared:
    """One statement, parsed and planned once for each session; `$1`, `$2` … stand for its arguments.

    Outside `atomic()` a call is a transaction of its own: one round trip. Inside, it works and is
    not prepared, because what a session has prepared is lost whenever psycopg sees a rollback.
    """

    def __init__(self, name: str, sql: str) -> None:
        self._name = name.encode()
        self._sql = sql.encode()

    def row[T](self, arguments: Sequence[bytes | None], make: Callable[[Sequence[Any]], T]) -> T | None:
        """Run it and return its first row, through `make`; None where there is none.

        Arguments are in binary format (see `int8` and the others below). jsonb and json arrive
        parsed. Raises Django's database errors, with psycopg's as `__cause__`.
        """
        connection: Any = connections["default"]
        connection.ensure_connection()
        with connection.wrap_database_errors:
            session: Connection[Any] = connection.connection
            result = self._run(session, arguments)
            if result.status != ExecStatus.TUPLES_OK:
                if result.error_field(DiagnosticField.SQLSTATE) is None:
                    # The server went away: libpq says so in words, and may not know its own state yet.
                    raise OperationalError(result.get_error_message())
                raise errors.error_from_result(result, encoding=session.info.encoding)
            reader = _learnt(session).reader
            reader.set_pgresult(result)
            return cast(T, reader.load_row(0, make)) if result.ntuples else None

    def _run(self, session: Connection[Any], arguments: Sequence[bytes | None]) -> PGresult:
        # psycopg's annotations forget that an argument may be NULL.
        libpq: Any = session.pgconn
        formats = [_BINARY] * len(arguments)
        idle = libpq.transaction_status == TransactionStatus.IDLE
        if idle and not session.autocommit:
            # `atomic()` leaves it to psycopg to begin with the first statement, which may be this one.
            begun: PGresult = libpq.exec_(b"BEGIN")
            if begun.status != ExecStatus.COMMAND_OK:
                return begun
        if not idle or not session.autocommit:
            return cast(PGresult, libpq.exec_params(self._sql, arguments, None, formats, _BINARY))
        prepared = _learnt(session).prepared
        if self._name in prepared:
            result: PGresult = libpq.exec_prepared(self._name, arguments, formats, _BINARY)
            if result.error_field(DiagnosticField.SQLSTATE) != _UNKNOWN_STATEMENT:
                return result
        made: PGresult = libpq.prepare(self._name, self._sql)
        if made.status != ExecStatus.COMMAND_OK:
            return made
        prepared.add(self._name)
        return cast(PGresult, libpq.exec_prepared(self._name, arguments, formats, _BINARY))


def int8(value: int) -> bytes:
    """A bigint."""
    return value.to_bytes(8, "big", signed=True)


def int4(value: int) -> bytes:
    """An integer."""
    return value.to_bytes(4, "big", signed=True)


def uuid(value: UUID) -> bytes:
    """A uuid."""
    return value.bytes


def text(value: str) -> bytes:
    """A text."""
    return value.encode()


def timestamptz(value: datetime) -> bytes:
    """A timestamptz: microseconds since 2000."""
    return int8((value - EPOCH) // _MICROSECOND)


def int8s(values: Sequence[int]) -> bytes:
    """A bigint[]: one dimension that begins at 1, no NULL."""
    if not values:
        return struct.pack("!iii", 0, 0, _INT8_OID)
    parts = struct.pack("!iiiii", 1, 0, _INT8_OID, len(values), 1)
    return parts + b"".join(struct.pack("!iq", 8, value) for value in values)


@dataclass(slots=True, kw_only=True)
class _Learnt:
    """What one session has prepared, and the reader of its results."""

    prepared: set[bytes] = field(default_factory=set)
    reader: Any


def _learnt(session: Connection[Any]) -> _Learnt:
    kept: _Learnt | None = getattr(session, "waxell_learnt", None)
    if kept is None:
        made: Cursor[Any] = Cursor(session)
        set_json_loads(orjson.loads, made)
        kept = _Learnt(reader=Transformer.from_context(made))
        session.waxell_learnt = kept  # type: ignore[attr-defined]
    return kept
