"""Rehearsals: what would be decided now. Nothing is written, and nothing is granted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from executions.domain.wanted import ActionWanted
from executions.services import snapshots
from executions.services.admission import AgentUnknown
from executions.services.callers import Caller, authenticate, require_own
from executions.services.judging import Judgement, judge
from governance.domain.facts import ExecutionSeen
from governance.domain.kinds import Kind
from governance.models import Workflow
from governance.services import catalogue
from waxell.lib.errors import Invalid
from waxell.lib.ids import uuid7


class WorkflowIsOurs(Invalid):
    """Executions of this workflow are run by Waxell's own workers; an agent cannot run it."""

    code = "workflow_is_a_worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """One action that is not part of an execution: its admission, unless `kind` says otherwise.

    `agent` is a slug and only for keys of services; `labels` are those of the execution to be.
    """

    workflow: str
    agent: str | None = None
    labels: Mapping[str, str]
    kind: Kind = Kind.EXECUTION_START
    resource: str
    args: Mapping[str, Any] | None = None


def rehearse(*, caller: Caller, wanted: Rehearsed) -> Judgement:
    """Judge what would be asked first. Raises Unauthenticated, InsufficientScope, AgentUnknown, WorkflowIsOurs.

    The end user is not known yet, so a rule on it is judged at the admission itself.
    """
    execution_id = uuid7()

    def look() -> snapshots.Snapshot:
        return snapshots.take(
            project_id=caller.project_id,
            key_id=caller.key_id,
            execution_id=execution_id,
            agent=wanted.agent,
            workflow=wanted.workflow,
            kind=wanted.kind,
            resource=wanted.resource,
        )

    snapshot = look()
    authenticate(caller, snapshot)
    if snapshot.agent_id is None:
        raise AgentUnknown()
    if snapshot.workflow_id is None and wanted.kind is Kind.EXECUTION_START:
        # As at an admission: the first question already shows people the name.
        catalogue.discover(project_id=snapshot.project_id, kind=wanted.kind, slug=wanted.workflow)
        snapshot = look()
    if wanted.kind is Kind.EXECUTION_START and snapshot.workflow_kind == Workflow.Kind.WORKER:
        raise WorkflowIsOurs()
    return judge(
        snapshot,
        execution_id=str(execution_id),
        kind=wanted.kind,
        resource=wanted.resource,
        args=wanted.args,
        seen=ExecutionSeen(id=str(execution_id), workflow=wanted.workflow, labels=wanted.labels),
    )


def rehearse_action(*, caller: Caller, execution_id: UUID, wanted: ActionWanted) -> Judgement:
    """Judge an action of an execution. Raises Unauthenticated, InsufficientScope, NotFound."""
    snapshot = snapshots.take(
        project_id=caller.project_id,
        key_id=caller.key_id,
        execution_id=execution_id,
        kind=wanted.kind,
        resource=wanted.resource,
    )
    authenticate(caller, snapshot)
    require_own(caller, snapshot)
    return judge(
        snapshot,
        execution_id=str(execution_id),
        kind=wanted.kind,
        resource=wanted.resource,
        args=wanted.args,
        estimate=wanted.estimate,
    )
