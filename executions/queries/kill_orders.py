"""What kill orders reach: live executions they match, what they stopped, what cannot be recalled."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from executions.domain.states import State
from executions.models import Execution
from executions.models.executions import LIVE
from governance.domain.kinds import Kind
from governance.models import KillOrder
from waxell.lib.db.calls import call, call_one

_KINDS: Final[dict[str, Kind]] = {
    KillOrder.Scope.TOOL: Kind.TOOL_CALL,
    KillOrder.Scope.MODEL: Kind.MODEL_CALL,
}
"""Scopes that stop calls and not executions: only the next call of one is refused."""

# Results are told by `about`; the resource is named in the entry's own bytes.
_CALLS_IN_FLIGHT = """
SELECT count(*) AS many
  FROM executions_execution x
  JOIN ledger_entry e ON e.project_id = x.project_id AND e.stream = x.id
 WHERE x.project_id = %s::uuid AND x.state = ANY(%s::text[]) AND x.unresolved > 0
   AND e.type = 'action.decided' AND e.verdict = 'allow'
   AND convert_from(e.body, 'UTF8')::json #>> '{action,kind}' = %s::text
   AND convert_from(e.body, 'UTF8')::json #>> '{action,resource}' = %s::text
   AND NOT EXISTS (SELECT FROM ledger_entry r
                    WHERE r.project_id = x.project_id AND r.stream = x.id AND r.about = e.seq
                      AND r.type = 'action.resulted')
"""

_BELOW = """
WITH RECURSIVE below AS (
    SELECT x.id, x.state FROM executions_execution x WHERE x.id = ANY(%s::uuid[])
    UNION
    SELECT c.id, c.state FROM executions_execution c JOIN below b ON c.parent_id = b.id
)
SELECT id FROM below WHERE state = %s::text
"""


def matching(order: KillOrder) -> QuerySet[Execution]:
    """Return the live executions that the order stops, oldest first; none for a tool or a model."""
    live = Execution.objects.filter(project_id=order.project_id, state__in=LIVE).order_by("id")
    if order.scope_type in _KINDS:
        return live.none()
    return live.filter(_scope(order))


def stopped_by(orders: Iterable[KillOrder]) -> QuerySet[Execution]:
    """Return what the orders have stopped so far, and what was stopped with it, newest first."""
    direct: list[UUID] = []
    for order in orders:
        halted = Execution.objects.filter(
            project_id=order.project_id,
            state=State.HALTED,
            ended_at__gte=order.placed_at,
            cause__kill_order=str(order.pk),
        )
        direct += halted.values_list("id", flat=True)
    everything = [row.id for row in call(_BELOW, (direct, State.HALTED.value))]
    return Execution.objects.filter(pk__in=everything).order_by("-id")


def in_flight(orders: Sequence[KillOrder]) -> int:
    """Count allowed actions that the orders came too late for: nobody has reported how they ended."""
    stopped = sum(stopped_by(orders).values_list("unresolved", flat=True))
    return stopped + sum(_calls_in_flight(order) for order in orders if order.scope_type in _KINDS)


def _calls_in_flight(order: KillOrder) -> int:
    kind = _KINDS[KillOrder.Scope(order.scope_type)]
    values = (order.project_id, list(LIVE), kind.value, order.scope_value)
    return int(call_one(_CALLS_IN_FLIGHT, values).many)


def _scope(order: KillOrder) -> Q:
    match order.scope_type:
        case KillOrder.Scope.ALL | KillOrder.Scope.PROJECT:
            return Q()
        case KillOrder.Scope.TEAM:
            return Q(agent__teams__slug=order.scope_value)
        case KillOrder.Scope.AGENT:
            return Q(agent_slug=order.scope_value)
        case KillOrder.Scope.WORKFLOW:
            return Q(workflow_slug=order.scope_value)
        case KillOrder.Scope.END_USER:
            return Q(end_user=order.scope_value)
        case _:
            return Q(pk=order.scope_value)
