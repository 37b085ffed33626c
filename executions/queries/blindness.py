"""What nobody sees: acts without an outcome, agents for which only they themselves speak, and silence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from executions.models import Execution
from executions.queries.executions import first_id_at
from governance.models import Agent
from governance.queries import agents
from waxell.lib.db.calls import call

MOST: Final = 10_000
"""How many executions are looked at, the newest first; a page says so where a period holds more."""

SHOWN: Final = 50

# By the index of a project's newest executions, and never further than MOST of them.
_NEWEST: Final = """
  FROM (SELECT id, agent_id, agent_slug, workflow_slug, state, vouched, unresolved, model_calls, tool_calls, started_at,
               ended_at
          FROM executions_execution
         WHERE project_id = %s AND id >= %s
         ORDER BY id DESC LIMIT %s) AS x
"""
_BY_AGENT: Final = f"""
SELECT x.agent_id, x.agent_slug AS agent, count(*) AS executions,
       count(*) FILTER (WHERE x.vouched = 'enforced') AS enforced,
       count(*) FILTER (WHERE x.vouched = 'asked') AS asked,
       count(*) FILTER (WHERE x.vouched NOT IN ('enforced', 'asked')) AS observed,
       coalesce(sum(x.unresolved) FILTER (WHERE x.ended_at IS NOT NULL), 0)::bigint AS unresolved,
       count(*) FILTER (WHERE x.state = 'interrupted') AS interrupted,
       sum(x.model_calls)::bigint AS model_calls, sum(x.tool_calls)::bigint AS tool_calls,
       max(x.started_at) AS last_at
 {_NEWEST}
 GROUP BY x.agent_id, x.agent_slug
 ORDER BY count(*) DESC, x.agent_slug
"""
_LOST: Final = f"""
SELECT x.id, x.agent_slug AS agent, x.workflow_slug AS workflow, x.state, x.unresolved, x.ended_at
 {_NEWEST}
 WHERE x.ended_at IS NOT NULL AND (x.unresolved > 0 OR x.state = 'interrupted')
 ORDER BY x.id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSeen:
    """One agent's executions of the period: how many, who vouches for them, what of them is not known."""

    agent_id: UUID
    agent: str
    executions: int
    enforced: int
    asked: int
    observed: int
    unresolved: int
    interrupted: int
    model_calls: int
    tool_calls: int
    last_at: datetime

    @property
    def unvouched(self) -> bool:
        """Only the agent's own word says what it did."""
        return not self.enforced

    @property
    def without_models(self) -> bool:
        """It called tools, and whatever chose them was never announced."""
        return self.tool_calls > 0 and self.model_calls == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """An ended execution of which the outcome of some acts, or of all, was never told."""

    id: UUID
    agent: str
    workflow: str
    state: str
    unresolved: int
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Blindness:
    """`executions` were looked at, the newest; `silent` have a key in force and started nothing in the period."""

    executions: int
    more: bool
    agents: tuple[AgentSeen, ...]
    lost: tuple[Lost, ...]
    silent: Sequence[Agent]


def look(project_id: UUID, *, since: datetime) -> Blindness:
    """Return what was not seen of the executions started at `since` or later."""
    wanted = (project_id, first_id_at(since), MOST)
    seen = tuple(AgentSeen(**row._asdict()) for row in call(_BY_AGENT, wanted))
    lost = tuple(Lost(**row._asdict()) for row in call(_LOST, (*wanted, SHOWN)))
    many = sum(one.executions for one in seen)
    return Blindness(
        executions=many,
        more=many >= MOST,
        agents=seen,
        lost=lost,
        silent=list(_silent(project_id, since)[:SHOWN]),
    )


def _silent(project_id: UUID, since: datetime) -> QuerySet[Agent]:
    started = Execution.objects.filter(project_id=project_id, agent=OuterRef("pk")).order_by("-id")
    last = Subquery(started.values("started_at")[:1])
    found = agents.listed(project_id).annotate(last_at=last).filter(keys_in_force__gt=0)  # type: ignore[misc]
    return found.filter(Q(last_at__isnull=True) | Q(last_at__lt=since)).order_by("last_at", "slug")
