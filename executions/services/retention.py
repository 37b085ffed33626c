"""Retention: contents that a project no longer wants are erased when their time is over."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from executions.queries.erasable import Choice
from executions.services import erasing
from governance.domain.actors import Actor
from governance.models import RetentionRule
from waxell.lib.db.calls import call_one

IN_ONE_ROUND: Final = 5000
"""Payloads erased for one rule before others have their turn: the sweeper has other duties."""


def erase_expired(*, project_id: UUID | None = None) -> int:
    """Erase what the projects' rules no longer keep and no legal hold does; returns how many payloads."""
    return erase_expired_at(call_one("SELECT clock_timestamp() AS now").now, project_id=project_id)


def erase_expired_at(now: datetime, *, project_id: UUID | None = None) -> int:
    """Erase what is over at `now`, in every project or in one."""
    rules = RetentionRule.objects.order_by("project_id", "payload")
    if project_id is not None:
        rules = rules.filter(project_id=project_id)
    erased = 0
    for rule in rules:
        choice = Choice(
            project_id=rule.project_id,
            before=now - timedelta(days=rule.days),
            payload=rule.payload or None,
            held=False,
        )
        reason = f"Retention: {rule}."
        try:
            done = erasing.erase(choice, actor=Actor(system="retention"), reason=reason, limit=IN_ONE_ROUND)
        except erasing.LegalHoldInForce:
            # Placed since the choice was made: the next round passes its contents over.
            continue
        erased += done.payloads
    return erased
