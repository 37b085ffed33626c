"""What became of a held action, for whoever waits for it."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson

from executions.domain import record
from executions.domain.states import TERMINAL
from executions.models import Execution
from governance.models import Approval
from waxell.ledger.models import Entry

MOST: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An approval that somebody may still come back for, and the fence of its execution."""

    execution_id: UUID
    fence: int
    approval_id: UUID
    seq: int
    state: str


def waiting(*, agent_id: UUID, resource: str, args_digest: bytes, label: str) -> Waiting | None:
    """Return the newest hold of this very call in an execution of the agent that has `label` and goes on."""
    found = Approval.objects.filter(agent=agent_id, resource=resource, args_digest=args_digest)
    for held in found.exclude(state=Approval.State.USED).order_by("-requested_at")[:MOST]:
        row = Execution.objects.filter(pk=held.execution_id, labels__has_key=label).exclude(state__in=TERMINAL).first()
        if row is not None:
            return Waiting(
                execution_id=row.pk, fence=row.fence, approval_id=held.pk, seq=held.action_seq, state=held.state
            )
    return None


def state_of(approval_id: UUID) -> str:
    """Return the state of an approval."""
    return Approval.objects.values_list("state", flat=True).get(pk=approval_id)


def refusal(*, project_id: UUID, execution_id: UUID, seq: int) -> list[dict[str, Any]]:
    """Return the reasons of the refusal or expiry that ended the hold of action `seq`."""
    entry = (
        Entry.objects.filter(project_id=project_id, stream=execution_id, about=seq, type="approval.decided")
        .order_by("-seq")
        .first()
    )
    decision = orjson.loads(bytes(entry.body)).get("decision", {}) if entry else {}
    return record.answered_reasons(decision.get("reasons", ()))
