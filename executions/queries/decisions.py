"""Decisions of a period as they were recorded, the newest execution first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from waxell.lib.db.calls import call

AT_ONCE: Final = 500
_LAST_ID: Final = UUID(int=2**128 - 1)
_LAST_SEQ: Final = 2**63 - 1

# Led by the executions, whose index is in this order: those that ended before the period cost one look each.
_RECORDED: Final = """
SELECT e.stream, e.seq, e.decided_at, e.body, p.content
  FROM executions_execution x
  JOIN ledger_entry e ON e.project_id = x.project_id AND e.stream = x.id
  LEFT JOIN ledger_payload p
         ON p.project_id = e.project_id AND p.stream = e.stream AND p.seq = e.seq AND p.name = 'args'
 WHERE x.project_id = %s AND (x.ended_at IS NULL OR x.ended_at >= %s)
   AND x.id <= %s AND (x.id < %s OR e.seq < %s)
   AND e.type = 'action.decided' AND e.decided_at >= %s
 ORDER BY x.id DESC, e.seq DESC
 LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An `action.decided` entry, parsed, and the content of its arguments where there is one still."""

    execution: UUID
    seq: int
    at: datetime
    line: dict[str, Any]
    args: bytes | None


def recorded(project_id: UUID, *, since: datetime, limit: int) -> Iterator[Recorded]:
    """Yield at most `limit` decisions made at `since` or later; only some hundred are in memory at a time."""
    stream, seq, left = _LAST_ID, _LAST_SEQ, limit
    while left > 0:
        wanted = min(AT_ONCE, left)
        rows = call(_RECORDED, (project_id, since, stream, stream, seq, since, wanted))
        for row in rows:
            yield Recorded(
                execution=row.stream, seq=row.seq, at=row.decided_at, line=orjson.loads(row.body), args=row.content
            )
        if len(rows) < wanted:
            return
        stream, seq = rows[-1].stream, rows[-1].seq
        left -= len(rows)
