"""Which pending executions a worker may take now, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from waxell.lib.db.calls import call


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A pending execution of a worker's workflow for which there is room."""

    execution_id: UUID
    project_id: UUID


# Occupied is what has a process: a suspended execution whose lease still lives waits inside one.
# Projects take turns: a row's turn is how many of its project run or come before it.
_DUE = """
WITH pending AS (
    SELECT x.id, x.project_id, x.workflow_id, w.max_concurrent, x.id = %s::uuid AS preferred
      FROM executions_execution x
      JOIN governance_workflow w ON w.id = x.workflow_id AND w.kind = 'worker'
     WHERE x.state = 'pending' AND x.started_at <= clock_timestamp() - make_interval(secs => %s::float8)
       AND (%s::uuid IS NULL OR x.id = %s::uuid)
), occupied AS (
    SELECT x.project_id, x.workflow_id, count(*) AS many
      FROM executions_execution x
      JOIN governance_workflow w ON w.id = x.workflow_id AND w.kind = 'worker'
     WHERE x.state = 'running' OR (x.state = 'suspended' AND x.expires_at > clock_timestamp())
     GROUP BY 1, 2
), within_workflow AS (
    SELECT p.id, p.project_id, p.preferred
      FROM (SELECT q.*, row_number() OVER (PARTITION BY q.workflow_id ORDER BY q.preferred DESC, q.id) AS place
              FROM pending q) AS p
      LEFT JOIN occupied o ON o.workflow_id = p.workflow_id
     WHERE p.place + coalesce(o.many, 0) <= p.max_concurrent
), turns AS (
    SELECT p.id, p.project_id, coalesce(o.many, 0)
               + row_number() OVER (PARTITION BY p.project_id ORDER BY p.preferred DESC, p.id) AS turn
      FROM within_workflow p
      LEFT JOIN (SELECT project_id, sum(many) AS many FROM occupied GROUP BY 1) AS o ON o.project_id = p.project_id
)
SELECT t.id, t.project_id
  FROM turns t JOIN governance_project g ON g.id = t.project_id
 WHERE t.turn <= g.max_concurrent_executions
 ORDER BY t.turn, t.id
 LIMIT %s
"""


def list_due(*, limit: int, waiting_seconds: float = 0, preferred: UUID | None = None) -> Sequence[Due]:
    """Return pending executions in the order in which workers should take them.

    Only those that have waited `waiting_seconds`. `preferred` goes before its project's others, so
    that whoever was rung for it takes it where that wrongs no other project.
    """
    return _rows(preferred, waiting_seconds, None, limit)


def may_start(execution_id: UUID) -> bool:
    """Tell whether the execution is still pending and there is room for it."""
    return bool(_rows(None, 0.0, execution_id, 1))


def _rows(preferred: UUID | None, waiting_seconds: float, only: UUID | None, limit: int) -> list[Due]:
    rows = call(_DUE, (preferred, float(waiting_seconds), only, only, limit))
    return [Due(execution_id=row.id, project_id=row.project_id) for row in rows]
