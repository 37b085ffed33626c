"""Deciding several approvals in one go: each gets its own vote and its own entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from executions.services.approvals import decide_approval
from executions.services.callers import Caller
from governance.models import Approval
from waxell.lib.errors import DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What became of one of several: its `state` afterwards, or the `problem` for which this vote was not taken."""

    approval: Approval
    problem: DomainError | None = None


def decide_each(
    *, approvals: Sequence[Approval], caller: Caller, person_id: UUID, decision: str, comment: str = ""
) -> list[Said]:
    """Vote on each of these, in their order; what one refuses does not keep the others from being decided.

    Each is a transaction of its own: where this is cut off, what is told as decided is decided, and
    voting again on all of them takes up the rest.
    """
    said = []
    for approval in approvals:
        try:
            after = decide_approval(
                approval_id=approval.pk, caller=caller, person_id=person_id, decision=decision, comment=comment
            )
            said.append(Said(approval=after))
        except DomainError as problem:
            said.append(Said(approval=approval, problem=problem))
    return said
