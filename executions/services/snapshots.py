"""The snapshot: all that one decision needs, read in one round trip."""

from datetime import datetime
from typing import Any, Protocol, cast
from uuid import UUID

from waxell.lib.db.calls import call_one


class Snapshot(Protocol):
    """A row of `gate_snapshot_v1`. Times are the database's; `x_…` and after are the execution's."""

    now: datetime
    key_id: str | None
    key_digest: bytes | None
    key_scopes: list[str]
    key_agent: UUID | None
    key_person: UUID | None
    key_expires_at: datetime
    key_revoked_at: datetime | None
    key_rate: int
    key_service: str
    project_id: UUID
    project_slug: str
    time_zone: str
    local_hour: int
    local_minute: int
    local_weekday: int
    local_date: str
    state_id: int
    state_number: int
    state_digest: bytes
    agent_id: UUID | None
    agent_slug: str
    agent_discovered: bool
    teams: list[str]
    workflow_id: UUID | None
    workflow_slug: str
    workflow_kind: str
    workflow_discovered: bool
    x_found: bool
    x_project: UUID
    x_state: str
    seq: int
    head: bytes | None
    fence: int
    lease_seconds: int
    expires_at: datetime | None
    deadline_at: datetime | None
    vouched: str
    governance_digest: bytes
    states_seen: dict[str, int]
    environment: str
    labels: dict[str, str]
    end_user: UUID | None
    parent_id: UUID | None
    root_id: UUID
    depth: int
    retry_of: UUID | None
    attempt: int
    actions: int
    model_calls: int
    tool_calls: int
    unresolved: int
    refusals: int
    spent_micros: int
    tokens: int
    started_at: datetime
    last_call: bytes | None
    repeats: int
    parent_agent: UUID | None
    parent_state: str | None
    parent_root: UUID | None
    parent_depth: int
    parent_project: UUID | None
    resource_known: bool | None
    resource_discovered: bool
    resource_groups: list[str] | None
    resource_cost: int | None
    resource_schema: dict[str, Any] | None
    kill_orders: list[str] | None
    windows: list[dict[str, Any]]
    approvals: list[dict[str, Any]] | None
    answer_digest: bytes | None
    answer_status: int | None
    answer_body: bytes | None


_SQL = (
    "SELECT * FROM gate_snapshot_v1(%s::uuid, %s::text, %s::uuid, %s::text, %s::text, %s::uuid,"
    " %s::text, %s::text, %s::bytea, %s::text, %s::text)"
)


def take(
    *,
    project_id: UUID | None,
    key_id: str | None,
    execution_id: UUID,
    agent: str | None = None,
    workflow: str | None = None,
    parent: UUID | None = None,
    kind: str | None = None,
    resource: str | None = None,
    args_digest: bytes | None = None,
    path: str | None = None,
    retry_key: str | None = None,
) -> Snapshot:
    """Read everything one decision needs. It locks and changes nothing."""
    params = (
        project_id,
        key_id,
        execution_id,
        agent,
        workflow,
        parent,
        kind,
        resource,
        args_digest,
        path,
        retry_key,
    )
    return cast(Snapshot, call_one(_SQL, params))


def row_of(execution_id: UUID) -> tuple[UUID, UUID] | None:
    """Project and id of an execution, for the locked road; None where there is no such row."""
    row = call_one(
        "SELECT x.project_id, x.id FROM executions_execution x WHERE x.id = %s::uuid",
        (execution_id,),
    )
    return (row.project_id, row.id) if row else None
