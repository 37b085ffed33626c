"""The glance: what moves between two actions of one execution, and what is remembered of the rest.

A snapshot also reads what hardly ever moves: the key, the agent and its teams, the workflow, the
tool. A process keeps that from an earlier snapshot for as long as the project's epoch stays the
same; publications, kill orders, revoked keys and every change of the registry move it.
"""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, cast
from uuid import UUID

from executions.services.snapshots import Snapshot
from waxell.lib.db.prepared import Prepared, uuid

REMEMBERED: Final = 10_000

_OF_SNAPSHOT: Final = (
    *("now", "local_hour", "local_minute", "local_weekday", "local_date", "state_id", "state_number", "state_digest"),
    *("x_project", "x_state", "seq", "head", "fence", "lease_seconds", "expires_at", "deadline_at", "vouched"),
    *("governance_digest", "states_seen", "environment", "labels", "end_user", "parent_id", "root_id", "depth"),
    *("retry_of", "attempt", "actions", "model_calls", "tool_calls", "unresolved", "refusals", "spent_micros"),
    *("tokens", "started_at", "last_call", "repeats", "agent_id", "workflow_id"),
    *("workflow_slug", "parent_state", "windows"),
)
"""The columns of a glance that a snapshot has too, in their order; before them: epoch and killed."""

_SQL: Final = """
SELECT h.epoch,
       EXISTS (SELECT FROM governance_killorder k
                WHERE k.project_id = x.project_id AND k.lifted_at IS NULL
                  AND k.scope_type = 'execution' AND k.scope_value = x.id::text) AS killed,
       t.now, extract(hour FROM l.local)::int, extract(minute FROM l.local)::int,
       extract(isodow FROM l.local)::int, to_char(l.local, 'YYYY-MM-DD'), s.id, s.number, s.digest,
       x.project_id, x.state, x.seq, x.head, x.fence, x.lease_seconds, x.expires_at, x.deadline_at, x.vouched,
       x.governance_digest, x.states_seen, x.environment, x.labels, x.end_user, x.parent_id, x.root_id,
       x.depth::int, x.retry_of, x.attempt::int, x.actions, x.model_calls, x.tool_calls, x.unresolved,
       x.refusals, x.spent_micros, x.tokens, x.started_at, x.last_call, x.repeats, x.agent_id, x.workflow_id,
       x.workflow_slug,
       (SELECT parent.state FROM executions_execution parent WHERE parent.id = x.parent_id),
       (SELECT coalesce(json_agg(json_build_object(
                   'window', w.id, 'budget', b.budget_id, 'slug', b.slug, 'member', b.member,
                   'start', b.start_at, 'end', b.end_at, 'limit', b."limit", 'extra', coalesce(w.extra, 0),
                   'reserved', coalesce(w.reserved, 0), 'spent', coalesce(w.spent, 0),
                   'overrun', coalesce(w.overrun, 0))
                   ORDER BY b.scope_rank, b.budget_id), '[]')
          FROM (SELECT sb.budget_id, sb.slug, sb."limit", sb.scope_rank, period.start_at, period.end_at,
                       budget_member_v1(sb.scope_type, sb.scope_value, sb.period,
                                        x.agent_slug, x.workflow_slug, x.id) AS member
                  FROM governance_statebudget sb
                  CROSS JOIN LATERAL budget_period_v1(sb.period, sb.time_zone, t.now) AS period
                 WHERE sb.state_id = s.id) AS b
          LEFT JOIN governance_window w ON w.budget_id = b.budget_id AND w.member = b.member
                                       AND w.start_at = b.start_at
         WHERE b.member IS NOT NULL)
  FROM (SELECT clock_timestamp() AS now) AS t
  CROSS JOIN executions_execution x
  JOIN governance_projecthead h ON h.project_id = x.project_id
  JOIN governance_governancestate s ON s.project_id = x.project_id AND s.number = h.number
  JOIN governance_project p ON p.id = x.project_id
  CROSS JOIN LATERAL (SELECT t.now AT TIME ZONE p.time_zone AS local OFFSET 0) AS l
 WHERE x.id = $1::uuid
"""
_look: Final = Prepared("waxell_glance", _SQL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """One execution and its windows at one moment. `killed`: an order names this very execution."""

    epoch: int
    killed: bool
    seen: dict[str, Any]


def take(execution_id: UUID) -> Glance | None:
    """Look at an execution, in one round trip; None where there is none. It locks and changes nothing."""
    return _look.row((uuid(execution_id),), _read)


def _read(row: Any) -> Glance:
    return Glance(epoch=row[0], killed=row[1], seen=dict(zip(_OF_SNAPSHOT, row[2:], strict=True)))


type _Subject = tuple[str, UUID, UUID, str, str]


class Remembered:
    """What snapshots said of keys, agents, workflows and resources; safe to share between threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Subject, tuple[int, Snapshot]] = OrderedDict()
        self._lock = Lock()

    def keep(self, glance: Glance, key_id: str, snapshot: Snapshot, *, kind: str, resource: str) -> None:
        """Remember a snapshot that was taken after `glance`."""
        subject = (key_id, glance.seen["agent_id"], glance.seen["workflow_id"], kind, resource)
        with self._lock:
            self._kept[subject] = (glance.epoch, snapshot)
            self._kept.move_to_end(subject)
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)

    def complete(self, glance: Glance, key_id: str, *, kind: str, resource: str) -> Snapshot | None:
        """Return the snapshot that `glance` and what is remembered make; None where that is too old."""
        seen = glance.seen
        found = self._kept.get((key_id, seen["agent_id"], seen["workflow_id"], kind, resource))
        if found is None or found[0] != glance.epoch:
            return None
        row = cast(Any, found[1])
        return cast(
            Snapshot,
            row._replace(**seen, x_found=True, kill_orders=None, approvals=None, answer_status=None, answer_body=None),
        )
