"""Sealing: an entry waits in the queue until a checkpoint covers it, and is never in both places."""

from typing import Final

from executions.queries.invariants.examining import Examination, Invariant, Part, Violation, count, rows

# Nothing seals yet, so this is empty; the sealer's leaves take its place.
_SEALED: Final = "sealed AS (SELECT NULL::uuid AS stream, NULL::bigint AS seq, NULL::bytea AS digest WHERE false)"

_ENTRIES: Final = """
SELECT count(*) FROM ledger_entry e
 WHERE (%(project)s::uuid IS NULL OR e.project_id = %(project)s) AND (%(first)s::uuid IS NULL OR e.stream >= %(first)s)
"""

_MISPLACED: Final = f"""
WITH {_SEALED}, queued AS (
    SELECT q.project_id, q.stream, q.seq, q.digest FROM ledger_seal_queue q
     WHERE (%(project)s::uuid IS NULL OR q.project_id = %(project)s)
       AND (%(first)s::uuid IS NULL OR q.stream >= %(first)s)
), written AS (
    SELECT e.project_id, e.stream, e.seq, e.digest FROM ledger_entry e
     WHERE (%(project)s::uuid IS NULL OR e.project_id = %(project)s)
       AND (%(first)s::uuid IS NULL OR e.stream >= %(first)s)
)
SELECT stream, seq, w.digest IS NOT NULL, q.digest IS NOT NULL, s.digest IS NOT NULL
  FROM written w FULL JOIN queued q USING (project_id, stream, seq) LEFT JOIN sealed s USING (stream, seq)
 WHERE w.digest IS NULL OR (q.digest IS NULL) = (s.digest IS NULL) OR coalesce(q.digest, s.digest) <> w.digest
"""  # noqa: S608 (constants of this module)


def _queued_or_sealed(part: Part) -> Examination:
    found = tuple(
        Violation(invariant="I6", subject=f"stream {stream} entry {seq}", message=_message(written, queued, sealed))
        for stream, seq, written, queued, sealed in rows(_MISPLACED, part)
    )
    return Examination(checked=count(_ENTRIES, part), violations=found)


def _message(written: bool, queued: bool, sealed: bool) -> str:
    if not written:
        return "it waits to be sealed and does not exist"
    if queued and sealed:
        return "it is sealed and waits to be sealed"
    return "another digest waits to be sealed" if queued or sealed else "it is neither sealed nor waits for it"


QUEUED_OR_SEALED: Final = Invariant(
    code="I6",
    sentence="Every entry is sealed or waits to be sealed, never both or neither",
    things="entries",
    examine=_queued_or_sealed,
)
