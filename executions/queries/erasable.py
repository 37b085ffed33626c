"""Contents that may be erased: payloads of executions that have ended, and of their addenda."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from executions.models import Execution
from executions.models.executions import LIVE
from executions.queries.executions import first_id_at
from waxell.lib.db.calls import call

# Erased payloads have no row, so that a sweep over old executions reads what is left and no more: streams
# are UUIDv7, in the order of time, and lead the key.
_PAYLOADS: Final = """
SELECT p.stream, p.seq, p.name
  FROM ledger_payload p
  LEFT JOIN ledger_stream s ON s.id = p.stream AND s.kind = 'addenda'
  JOIN executions_execution x ON x.id = coalesce(s.subject, p.stream) AND x.project_id = p.project_id
 WHERE p.project_id = %s AND (%s::uuid IS NULL OR p.stream < %s::uuid) AND x.ended_at IS NOT NULL
   AND (%s::uuid IS NULL OR x.id = %s::uuid)
   AND (%s::uuid IS NULL OR x.end_user = %s::uuid)
   AND (%s::timestamptz IS NULL OR x.ended_at < %s::timestamptz)
   AND (%s::text IS NULL OR p.name = %s::text)
   AND (NOT %s OR NOT EXISTS (
        SELECT FROM governance_legalhold h
         WHERE h.project_id = p.project_id AND h.lifted_at IS NULL
           AND (h.scope_type = 'project' OR h.scope_value = x.id OR h.scope_value = x.end_user)))
 ORDER BY p.stream, p.seq, p.name
 LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which contents are meant; every member given narrows the choice.

    `before`: of executions that ended earlier. `payload`: of this name. `held`: also what a legal
    hold keeps, so that erasing it is refused instead of passing it over.
    """

    project_id: UUID
    execution: UUID | None = None
    end_user: UUID | None = None
    before: datetime | None = None
    payload: str | None = None
    held: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The place of one payload."""

    stream: UUID
    seq: int
    name: str

    def document(self) -> dict[str, object]:
        """Return it as entries list it."""
        return {"stream": str(self.stream), "seq": self.seq, "name": self.name}


def choose(choice: Choice, *, limit: int) -> tuple[Content, ...]:
    """Return up to `limit` payloads that are there, in the order of their streams."""
    first = None if choice.before is None else first_id_at(choice.before)
    pairs = (first, choice.execution, choice.end_user, choice.before, choice.payload)
    doubled = [value for value in pairs for _ in range(2)]
    rows = call(_PAYLOADS, (choice.project_id, *doubled, not choice.held, limit))
    return tuple(Content(stream=row.stream, seq=row.seq, name=row.name) for row in rows)


def live(choice: Choice) -> tuple[UUID, ...]:
    """Return the executions meant that still live: their contents cannot go yet."""
    rows = Execution.objects.filter(project_id=choice.project_id, state__in=LIVE)
    if choice.execution is not None:
        rows = rows.filter(pk=choice.execution)
    if choice.end_user is not None:
        rows = rows.filter(end_user=choice.end_user)
    return tuple(rows.order_by("id").values_list("id", flat=True))
