"""As which agent a key acts that names agents freely, and how its executions hang together."""

import re
from typing import Final
from uuid import UUID

from executions.domain.states import TERMINAL, State
from executions.domain.wanted import ActionWanted
from executions.models import Execution
from executions.services import gate
from executions.services.appending import ExecutionClosed, Fenced
from executions.services.callers import Caller
from executions.services.gate import ExecutionPending, ExecutionSuspended
from governance.domain.kinds import Kind
from governance.domain.verdicts import Verdict
from governance.models import Agent, ApiKey
from governance.services import catalogue

_FOREIGN: Final = re.compile(r"[^a-z0-9_-]+")


def agent_of(key: ApiKey, name: str) -> str | None:
    """Return the slug of the agent to act as; None for a key that is an agent's: it acts as that one.

    A name that nobody registered is remembered as discovered.
    """
    if key.agent_id is not None:
        return None
    slug = _FOREIGN.sub("-", name.lower()).strip("-")[:63] or "agent"
    if not Agent.objects.filter(project_id=key.project_id, slug=slug).exists():
        catalogue.discover(project_id=key.project_id, kind=Kind.AGENT_DELEGATE, slug=slug)
    return slug


def lineage(caller: Caller, key: ApiKey, parent: UUID | None, agent: str | None) -> tuple[UUID | None, int | None]:
    """Return the parent that an execution of `agent` may have, and the delegation it needs.

    Another agent's execution becomes the parent by an allowed `agent.delegate`, which is asked for
    here. Where there is no such parent, or it may not delegate, the execution stands alone.
    """
    row = Execution.objects.filter(pk=parent, project_id=key.project_id).first() if parent else None
    if row is None or key.agent_id not in (None, row.agent_id):
        return None, None
    if agent is None or row.agent_slug == agent:
        return row.pk, None
    if State(row.state) in TERMINAL:
        return None, None
    try:
        answer = gate.request_action(
            caller=caller,
            execution_id=row.pk,
            wanted=ActionWanted(fence=row.fence, kind=Kind.AGENT_DELEGATE, resource=agent),
        )
    except (ExecutionClosed, ExecutionPending, ExecutionSuspended, Fenced):
        return None, None
    return (row.pk, answer.body["seq"]) if answer.body["verdict"] == Verdict.ALLOW else (None, None)
