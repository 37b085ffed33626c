"""Decisions of a period as they were recorded, the newest execution first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from waxell.lib.db.calls import call, call_one

AT_ONCE: Final = 500
_LAST_ID: Final = UUID(int=2**128 - 1)
_LAST_SEQ: Final = 2**63 - 1
_LAST_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)

# Led by the executions, whose index is in this order: those that ended before the period cost one look each.
# Contents are looked up one by one: a join would be free to read all that the project has.
_RECORDED: Final = """
SELECT d.stream, d.seq, d.decided_at, d.body,
       (SELECT p.content
          FROM ledger_payload p
         WHERE p.project_id = %(project)s AND p.stream = d.stream AND p.seq = d.seq AND p.name = 'args') AS content
  FROM (
    SELECT e.stream, e.seq, e.decided_at, e.body
      FROM executions_execution x
      JOIN ledger_entry e ON e.project_id = x.project_id AND e.stream = x.id
     WHERE x.project_id = %(project)s AND (x.ended_at IS NULL OR x.ended_at >= %(since)s)
       AND x.id <= %(stream)s AND (x.id < %(stream)s OR e.seq < %(seq)s)
       AND e.type = 'action.decided' AND e.decided_at >= %(since)s AND e.decided_at < %(until)s
     ORDER BY x.id DESC, e.seq DESC
     LIMIT %(limit)s
  ) AS d
 ORDER BY d.stream DESC, d.seq DESC
"""

# The last byte of an id is drawn by chance.
_SHARED: Final = _RECORDED.replace(
    "ORDER BY x.id", "AND get_byte(uuid_send(x.id), 15) %% %(shares)s::integer = %(share)s::integer ORDER BY x.id"
)

_ONE: Final = """
SELECT e.stream, e.seq, e.decided_at, e.body, p.content
  FROM ledger_entry e
  LEFT JOIN ledger_payload p
         ON p.project_id = e.project_id AND p.stream = e.stream AND p.seq = e.seq AND p.name = 'args'
 WHERE e.project_id = %s AND e.stream = %s AND e.seq = %s AND e.type = 'action.decided'
"""

_EXPECTED: Final = """
SELECT count(*) + coalesce(sum(x.actions), 0)::bigint AS many
  FROM executions_execution x
 WHERE x.project_id = %s AND (x.ended_at IS NULL OR x.ended_at >= %s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An `action.decided` entry, parsed, and the content of its arguments where there is one still."""

    execution: UUID
    seq: int
    at: datetime
    line: dict[str, Any]
    args: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a reader stands: behind entry `seq` of an execution, on the way to older ones."""

    stream: UUID
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Share `number` of `many`: the executions of a period are dealt out among several readers."""

    number: int
    many: int


NEWEST: Final = Place(stream=_LAST_ID, seq=_LAST_SEQ)


def recorded(
    project_id: UUID,
    *,
    since: datetime,
    limit: int,
    until: datetime | None = None,
    behind: Place = NEWEST,
    share: Share | None = None,
) -> Iterator[Recorded]:
    """Yield at most `limit` decisions made at `since` or later and before `until`.

    Only some hundred are in memory at a time.
    """
    given = {"project": project_id, "since": since, "until": until or _LAST_TIME}
    dealt = {"share": share.number, "shares": share.many} if share else {}
    at, left = behind, limit
    while left > 0:
        wanted = min(AT_ONCE, left)
        place = {"stream": at.stream, "seq": at.seq, "limit": wanted}
        rows = call(_SHARED if share else _RECORDED, {**given, **place, **dealt})
        for row in rows:
            yield Recorded(
                execution=row.stream, seq=row.seq, at=row.decided_at, line=orjson.loads(row.body), args=row.content
            )
        if len(rows) < wanted:
            return
        at = Place(stream=rows[-1].stream, seq=rows[-1].seq)
        left -= len(rows)


def one(project_id: UUID, execution: UUID, seq: int) -> Recorded | None:
    """The decision that is entry `seq` of an execution; None where that entry is none."""
    row = call_one(_ONE, (project_id, execution, seq))
    if row is None:
        return None
    return Recorded(execution=row.stream, seq=row.seq, at=row.decided_at, line=orjson.loads(row.body), args=row.content)


def expected(project_id: UUID, *, since: datetime) -> int:
    """About how many decisions there are at `since` or later: those of the executions that had not ended by then."""
    return int(call_one(_EXPECTED, (project_id, since)).many)
