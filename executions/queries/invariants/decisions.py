"""Decisions: each is derived again, and must come out as the same bytes."""

from typing import Final

from executions.queries.invariants.examining import Examination, Invariant, Part, Violation, rows
from executions.queries.replays import Outcome, replay

_DECISIONS: Final = """
SELECT e.stream, e.seq, e.body, p.content, r.entry_seq
  FROM ledger_entry e
  LEFT JOIN ledger_payload p
         ON p.project_id = e.project_id AND p.stream = e.stream AND p.seq = e.seq AND p.name = 'args'
  LEFT JOIN ledger_erasure r
         ON r.project_id = e.project_id AND r.stream = e.stream AND r.seq = e.seq AND r.name = 'args'
 WHERE (%(project)s::uuid IS NULL OR e.project_id = %(project)s) AND (%(first)s::uuid IS NULL OR e.stream >= %(first)s)
   AND e.type = 'action.decided'
 ORDER BY e.project_id, e.stream, e.seq
"""


def _replayed(part: Part) -> Examination:
    found: list[Violation] = []
    notes: list[str] = []
    checked = 0
    for stream, seq, body, content, erased_by in rows(_DECISIONS, part):
        checked += 1
        again = replay(bytes(body), None if content is None else bytes(content), erased_by)
        if again.outcome is Outcome.ERASED:
            notes.append(f"execution {stream} entry {seq} cannot be derived again: {again.detail}")
        elif again.outcome is Outcome.DIFFERENT:
            found.append(Violation(invariant="I7", subject=f"execution {stream} entry {seq}", message=again.detail))
    return Examination(checked=checked, violations=tuple(found), notes=tuple(notes))


REPLAYED: Final = Invariant(
    code="I7",
    sentence="Every decision whose facts still exist comes out the same when it is derived again",
    things="decisions",
    examine=_replayed,
)
