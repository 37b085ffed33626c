"""Endings: one closing entry for each ended execution, and heads that stand where their streams end."""

from typing import Final

from executions.queries.invariants.examining import Examination, Invariant, Part, Violation, count, rows

_EXECUTIONS: Final = """
SELECT count(*) FROM executions_execution x
 WHERE (%(project)s::uuid IS NULL OR x.project_id = %(project)s) AND (%(first)s::uuid IS NULL OR x.id >= %(first)s)
"""

_ENDS: Final = """
SELECT x.id, x.state, x.ended_at IS NOT NULL, x.seq, s.last, s.closings, l.type = 'execution.closed',
       l.digest = x.head,
       CASE WHEN l.type = 'execution.closed' THEN convert_from(l.body, 'UTF8')::jsonb ->> 'outcome' END
  FROM executions_execution x
  LEFT JOIN LATERAL (SELECT max(e.seq) AS last, count(*) FILTER (WHERE e.type = 'execution.closed') AS closings
                       FROM ledger_entry e WHERE e.project_id = x.project_id AND e.stream = x.id) AS s ON true
  LEFT JOIN ledger_entry l ON l.project_id = x.project_id AND l.stream = x.id AND l.seq = s.last
 WHERE (%(project)s::uuid IS NULL OR x.project_id = %(project)s) AND (%(first)s::uuid IS NULL OR x.id >= %(first)s)
   AND (s.last IS DISTINCT FROM x.seq OR l.digest IS DISTINCT FROM x.head
        OR s.closings <> CASE WHEN x.ended_at IS NULL THEN 0 ELSE 1 END
        OR (x.ended_at IS NOT NULL AND (l.type <> 'execution.closed'
            OR convert_from(l.body, 'UTF8')::jsonb ->> 'outcome' IS DISTINCT FROM x.state)))
"""

_HEADS: Final = """
SELECT s.id, s.kind, s.seq, coalesce(e.last, 0)
  FROM ledger_stream s
  LEFT JOIN LATERAL (SELECT max(e.seq) AS last FROM ledger_entry e
                      WHERE e.project_id = s.project_id AND e.stream = s.id) AS e ON true
  LEFT JOIN ledger_entry l ON l.project_id = s.project_id AND l.stream = s.id AND l.seq = e.last
 WHERE (%(project)s::uuid IS NULL OR s.project_id = %(project)s) AND (%(first)s::uuid IS NULL OR s.id >= %(first)s)
   AND (coalesce(e.last, 0) <> s.seq OR l.digest IS DISTINCT FROM s.head)
"""

_HOMELESS: Final = """
SELECT DISTINCT e.stream FROM ledger_entry e
 WHERE (%(project)s::uuid IS NULL OR e.project_id = %(project)s) AND (%(first)s::uuid IS NULL OR e.stream >= %(first)s)
   AND NOT EXISTS (SELECT FROM executions_execution x WHERE x.id = e.stream AND x.project_id = e.project_id)
   AND NOT EXISTS (SELECT FROM ledger_stream s WHERE s.id = e.stream AND s.project_id = e.project_id)
"""


def _closed_once(part: Part) -> Examination:
    found: list[Violation] = []
    for execution, state, ended, seq, last, closings, closes, same_head, outcome in rows(_ENDS, part):
        wrong = []
        if last != seq or not same_head:
            wrong.append(f"its row stands at entry {seq} and its stream ends with another one ({last})")
        if ended and closings != 1:
            wrong.append(f"it is {state} and has {closings} closing entries")
        elif ended and not closes:
            wrong.append("something follows its closing entry")
        elif ended and outcome != state:
            wrong.append(f"it is {state} and its record says {outcome}")
        if not ended and closings:
            wrong.append(f"it is {state} and has {closings} closing entries")
        found.append(Violation(invariant="I5", subject=f"execution {execution}", message="; ".join(wrong)))
    for stream, kind, seq, last in rows(_HEADS, part):
        message = f"its row stands at entry {seq} and it ends with another one ({last})"
        found.append(Violation(invariant="I5", subject=f"{kind} stream {stream}", message=message))
    for (stream,) in rows(_HOMELESS, part):
        found.append(Violation(invariant="I5", subject=f"stream {stream}", message="it belongs to nothing"))
    return Examination(checked=count(_EXECUTIONS, part), violations=tuple(found))


CLOSED_ONCE: Final = Invariant(
    code="I5",
    sentence="Every ended execution has one closing entry and nothing after it; live ones have none",
    things="executions",
    examine=_closed_once,
)
