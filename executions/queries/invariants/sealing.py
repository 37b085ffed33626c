"""Sealing: an entry waits in the queue until a checkpoint covers it, and is never in both places."""

from typing import Final

from executions.queries.invariants.examining import Examination, Invariant, Part, Violation, count, rows

_ENTRIES: Final = """
SELECT count(*) FROM ledger_entry e
 WHERE (%(project)s::uuid IS NULL OR e.project_id = %(project)s) AND (%(first)s::uuid IS NULL OR e.stream >= %(first)s)
"""

_MISPLACED: Final = """
WITH written AS (
    SELECT e.project_id, e.stream, e.seq, e.digest FROM ledger_entry e
     WHERE (%(project)s::uuid IS NULL OR e.project_id = %(project)s)
       AND (%(first)s::uuid IS NULL OR e.stream >= %(first)s)
), queued AS (
    SELECT q.project_id, q.stream, q.seq, q.digest FROM ledger_seal_queue q
     WHERE (%(project)s::uuid IS NULL OR q.project_id = %(project)s)
       AND (%(first)s::uuid IS NULL OR q.stream >= %(first)s)
), sealed AS (
    SELECT l.project_id, l.stream, l.seq, l.digest FROM ledger_leaf l
     WHERE (%(project)s::uuid IS NULL OR l.project_id = %(project)s)
       AND (%(first)s::uuid IS NULL OR l.stream >= %(first)s)
)
SELECT stream, seq, w.digest IS NOT NULL, q.digest IS NOT NULL, s.digest IS NOT NULL
  FROM written w FULL JOIN queued q USING (project_id, stream, seq) FULL JOIN sealed s USING (project_id, stream, seq)
 WHERE w.digest IS NULL OR (q.digest IS NULL) = (s.digest IS NULL) OR coalesce(q.digest, s.digest) <> w.digest
"""

# A log is one for all projects: its leaves are looked at whole, whatever part was asked for.
_GAPS: Final = """
SELECT l.log, count(*), max(l.index) + 1, coalesce((SELECT max(c.size) FROM ledger_checkpoint c WHERE c.log = l.log), 0)
  FROM ledger_leaf l
 GROUP BY l.log
HAVING count(*) <> max(l.index) + 1
    OR count(*) <> coalesce((SELECT max(c.size) FROM ledger_checkpoint c WHERE c.log = l.log), 0)
 ORDER BY l.log
"""


def _queued_or_sealed(part: Part) -> Examination:
    found = [
        Violation(invariant="I6", subject=f"stream {stream} entry {seq}", message=_message(written, queued, sealed))
        for stream, seq, written, queued, sealed in rows(_MISPLACED, part)
    ]
    for log, leaves, end, size in rows(_GAPS, part):
        message = f"it has {leaves} leaves, the last is number {end}, and its newest checkpoint covers {size}"
        found.append(Violation(invariant="I6", subject=f"log {log}", message=message))
    return Examination(checked=count(_ENTRIES, part), violations=tuple(found))


def _message(written: bool, queued: bool, sealed: bool) -> str:
    if not written:
        return "it is sealed and does not exist" if sealed else "it waits to be sealed and does not exist"
    if queued and sealed:
        return "it is sealed and waits to be sealed"
    if queued:
        return "another digest waits to be sealed"
    return "another digest is sealed" if sealed else "it is neither sealed nor waits for it"


QUEUED_OR_SEALED: Final = Invariant(
    code="I6",
    sentence="Every entry is sealed or waits for it, never both or neither; leaves count without gaps",
    things="entries",
    examine=_queued_or_sealed,
)
