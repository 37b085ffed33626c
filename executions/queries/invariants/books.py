"""The books: windows, reservations, and what entries say about both."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from executions.queries.invariants.examining import Examination, Invariant, Part, Violation, count, rows

_WINDOWS: Final = (
    "SELECT count(*) FROM governance_window w WHERE %(project)s::uuid IS NULL OR w.project_id = %(project)s"
)
_RESERVATIONS: Final = (
    "SELECT count(*) FROM governance_reservation r WHERE %(project)s::uuid IS NULL OR r.project_id = %(project)s"
)

_COUNTERS: Final = """
SELECT b.slug, w.member, w.id, w.reserved, w.spent, w.overrun, w.presumed,
       coalesce(s.reserved, 0), coalesce(s.spent, 0), coalesce(s.overrun, 0), coalesce(s.presumed, 0)
  FROM governance_window w
  JOIN governance_budget b ON b.id = w.budget_id
  LEFT JOIN (SELECT r.window_id,
                    sum(r.amount) FILTER (WHERE r.state = 'open') AS reserved,
                    sum(r.actual) FILTER (WHERE r.state IN ('settled', 'presumed')) AS spent,
                    sum(greatest(r.actual - r.amount, 0)) FILTER (WHERE r.state = 'settled') AS overrun,
                    sum(r.actual) FILTER (WHERE r.state = 'presumed') AS presumed
               FROM governance_reservation r GROUP BY r.window_id) AS s ON s.window_id = w.id
 WHERE (%(project)s::uuid IS NULL OR w.project_id = %(project)s)
   AND (w.reserved, w.spent, w.overrun, w.presumed)
       <> (coalesce(s.reserved, 0), coalesce(s.spent, 0), coalesce(s.overrun, 0), coalesce(s.presumed, 0))
"""

_HELD: Final = """
held AS (
    SELECT r.execution_id, r.action_seq AS seq, b.slug AS budget, r.budget_version AS version, w.member,
           w.start_at AS start, r.unit, r.amount, r.actual, r.state
      FROM governance_reservation r
      JOIN governance_window w ON w.id = r.window_id
      JOIN governance_budget b ON b.id = w.budget_id
     WHERE (%(project)s::uuid IS NULL OR r.project_id = %(project)s)
       AND (%(first)s::uuid IS NULL OR r.execution_id >= %(first)s)
)"""

_GRANTED: Final = f"""
WITH {_HELD}, told AS (
    SELECT e.stream AS execution_id, e.seq, g.*
      FROM ledger_entry e
      CROSS JOIN LATERAL jsonb_to_recordset(convert_from(e.body, 'UTF8')::jsonb -> 'reserved')
                 AS g (budget text, version int, member text, start timestamptz, unit text, amount bigint)
     WHERE e.type = 'action.decided' AND e.verdict = 'allow'
       AND (%(project)s::uuid IS NULL OR e.project_id = %(project)s)
       AND (%(first)s::uuid IS NULL OR e.stream >= %(first)s)
)
SELECT execution_id, seq, budget, t.amount, h.amount
  FROM told t FULL JOIN held h USING (execution_id, seq, budget)
 WHERE (t.version, t.member, t.start, t.unit, t.amount)
       IS DISTINCT FROM (h.version, h.member, h.start, h.unit, h.amount)
"""  # noqa: S608 (constants of this module)

# An execution that ends settles its own count without saying so: the closing entry is the word for it.
_SETTLED: Final = f"""
WITH {_HELD}, told AS (
    SELECT coalesce(s.subject, e.stream) AS execution_id, e.about AS seq, t.*
      FROM ledger_entry e
      LEFT JOIN ledger_stream s ON s.id = e.stream
      CROSS JOIN LATERAL jsonb_to_recordset(convert_from(e.body, 'UTF8')::jsonb -> 'settled')
                 AS t (budget text, member text, spent bigint)
     WHERE e.type IN ('action.resulted', 'result.late')
       AND (%(project)s::uuid IS NULL OR e.project_id = %(project)s)
       AND (%(first)s::uuid IS NULL OR coalesce(s.subject, e.stream) >= %(first)s)
)
SELECT execution_id, seq, budget, t.spent, h.actual
  FROM told t FULL JOIN (SELECT * FROM held WHERE state = 'settled' AND unit <> 'executions') AS h
       USING (execution_id, seq, budget)
 WHERE (t.member, t.spent) IS DISTINCT FROM (h.member, h.actual)
"""  # noqa: S608 (constants of this module)

# A late result settles what was presumed, so what the record presumed lies between the two sums.
_PRESUMED: Final = f"""
WITH {_HELD}, told AS (
    SELECT e.stream AS execution_id, p.budget, p.amount
      FROM ledger_entry e
      CROSS JOIN LATERAL jsonb_to_recordset(convert_from(e.body, 'UTF8')::jsonb -> 'presumed')
                 AS p (budget text, amount bigint)
     WHERE e.type = 'execution.closed'
       AND (%(project)s::uuid IS NULL OR e.project_id = %(project)s)
       AND (%(first)s::uuid IS NULL OR e.stream >= %(first)s)
), late AS (
    SELECT DISTINCT s.subject AS execution_id, e.about AS seq
      FROM ledger_entry e JOIN ledger_stream s ON s.id = e.stream WHERE e.type = 'result.late'
), sums AS (
    SELECT h.execution_id, h.budget,
           coalesce(sum(h.amount) FILTER (WHERE h.state = 'presumed'), 0) AS least,
           sum(h.amount) AS most
      FROM held h LEFT JOIN late l USING (execution_id, seq)
     WHERE h.state = 'presumed' OR (h.state = 'settled' AND l.seq IS NOT NULL)
     GROUP BY h.execution_id, h.budget
)
SELECT execution_id, NULL, budget, t.amount, s.least
  FROM told t FULL JOIN sums s USING (execution_id, budget)
 WHERE coalesce(t.amount, 0) NOT BETWEEN coalesce(s.least, 0) AND coalesce(s.most, 0)
"""  # noqa: S608 (constants of this module)

# `*_after` does not tell the window's overrun of that moment: it is what had been settled by then.
# A settlement and a grant may commit up to five seconds after the times they carry.
_OVER: Final = """
SELECT r.execution_id, r.action_seq, b.slug, r.reserved_after + r.spent_after, v."limit" + w.extra
  FROM governance_reservation r
  JOIN governance_window w ON w.id = r.window_id
  JOIN governance_budget b ON b.id = w.budget_id
  LEFT JOIN governance_budgetversion v ON v.budget_id = w.budget_id AND v.number = r.budget_version
 WHERE (%(project)s::uuid IS NULL OR r.project_id = %(project)s) AND r.amount > 0
   AND (v.id IS NULL OR (
        r.reserved_after + r.spent_after > v."limit" + w.extra
        AND r.reserved_after + r.spent_after > v."limit" + w.extra + (
            SELECT coalesce(sum(o.actual - o.amount), 0) FROM governance_reservation o
             WHERE o.window_id = r.window_id AND o.state = 'settled' AND o.actual > o.amount
               AND o.ended_at <= r.opened_at + interval '10 seconds')))
"""

_LEFT_OPEN: Final = """
SELECT r.execution_id, r.action_seq, b.slug, x.state
  FROM governance_reservation r
  JOIN governance_window w ON w.id = r.window_id
  JOIN governance_budget b ON b.id = w.budget_id
  LEFT JOIN executions_execution x ON x.id = r.execution_id
 WHERE (%(project)s::uuid IS NULL OR r.project_id = %(project)s)
   AND (x.id IS NULL OR (r.state = 'open' AND x.ended_at IS NOT NULL)
        OR (r.state = 'presumed' AND x.ended_at IS NULL))
"""

_ENDED_TWICE: Final = """
SELECT coalesce(s.subject, e.stream), e.about, t.budget, count(*)
  FROM ledger_entry e
  LEFT JOIN ledger_stream s ON s.id = e.stream
  CROSS JOIN LATERAL jsonb_to_recordset(convert_from(e.body, 'UTF8')::jsonb -> 'settled') AS t (budget text)
 WHERE e.type IN ('action.resulted', 'result.late')
   AND (%(project)s::uuid IS NULL OR e.project_id = %(project)s)
 GROUP BY 1, 2, 3 HAVING count(*) > 1
"""


def _books_agree(part: Part) -> Examination:
    found = [*_counters(part)]
    found += _compare(part, _GRANTED, "the entry reserves {0}, its reservation holds {1}")
    found += _compare(part, _SETTLED, "entries settle {0}, its reservation was settled with {1}")
    found += _compare(part, _PRESUMED, "the closing entry presumes {0}, reservations presume {1}")
    return Examination(checked=count(_WINDOWS, part), violations=tuple(found))


def _counters(part: Part) -> Iterator[Violation]:
    for slug, member, window, *numbers in rows(_COUNTERS, part):
        names = ("reserved", "spent", "overrun", "presumed")
        wrong = [
            f"{name} is {kept} and its reservations add up to {summed}"
            for name, kept, summed in zip(names, numbers[:4], numbers[4:], strict=True)
            if kept != summed
        ]
        subject = f"window {window} of budget {slug}" + (f" ({member})" if member else "")
        yield Violation(invariant="I1", subject=subject, message="; ".join(wrong))


def _compare(part: Part, sql: str, message: str) -> Iterator[Violation]:
    for execution, seq, budget, told, kept in rows(sql, part):
        place = f"execution {execution}" + (f" action {seq}" if seq is not None else "")
        said = message.format(_amount(told), _amount(kept))
        yield Violation(invariant="I1", subject=f"{place}, budget {budget}", message=said)


def _amount(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _within_limits(part: Part) -> Examination:
    found = tuple(
        Violation(
            invariant="I2",
            subject=f"execution {execution} action {seq}, budget {budget}",
            message="it cites a version that does not exist"
            if limit is None
            else f"after the grant {used} was in use, of {limit} that its version allows",
        )
        for execution, seq, budget, used, limit in rows(_OVER, part)
    )
    return Examination(checked=count(_RESERVATIONS, part), violations=found)


def _ends_once(part: Part) -> Examination:
    found = []
    for execution, seq, budget, state in rows(_LEFT_OPEN, part):
        message = f"the reservation does not fit an execution that is {state}" if state else "there is no execution"
        found.append(_reservation(execution, seq, budget, message))
    for execution, seq, budget, times in rows(_ENDED_TWICE, part):
        found.append(_reservation(execution, seq, budget, f"the reservation was settled {times} times"))
    return Examination(checked=count(_RESERVATIONS, part), violations=tuple(found))


def _reservation(execution: object, seq: object, budget: object, message: str) -> Violation:
    return Violation(invariant="I3", subject=f"execution {execution} action {seq}, budget {budget}", message=message)


def _invariant(code: str, sentence: str, things: str, examine: Callable[[Part], Examination]) -> Invariant:
    return Invariant(code=code, sentence=sentence, things=things, examine=examine)


BOOKS_AGREE: Final = _invariant(
    "I1", "Windows count what their reservations and the entries add up to", "windows", _books_agree
)
WITHIN_LIMITS: Final = _invariant(
    "I2", "No grant took a window over the limit of the version it cites", "reservations", _within_limits
)
ENDS_ONCE: Final = _invariant(
    "I3", "Every reservation ends once, and none is open in an ended execution", "reservations", _ends_once
)
