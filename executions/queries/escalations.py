"""Whom the rules ask later, as their texts say."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

from governance.domain import policies
from governance.domain.policies import Escalation
from governance.models import Approval, PolicyVersion

KEPT: Final = 512
"""Rules whose texts are read once: a version never changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A group that is asked as well, from this time on."""

    group: str
    at: datetime


def of(approval: Approval) -> tuple[Due, ...]:
    """Return which groups are asked later while an approval waits, the first one first."""
    due: dict[str, datetime] = {}
    for hold in approval.holds:
        if "rule" not in hold:
            continue
        found = _of_rule(approval.project_id, hold["policy"], hold["version"], hold["rule"])
        if found is None or found.group == approval.approvers:
            continue
        at = approval.requested_at + timedelta(seconds=found.after_seconds)
        if at < approval.expires_at:
            due[found.group] = min(at, due.get(found.group, at))
    return tuple(Due(group=group, at=at) for group, at in sorted(due.items(), key=lambda item: (item[1], item[0])))


@lru_cache(maxsize=KEPT)
def _of_rule(project_id: UUID, policy: str, version: int, rule: str) -> Escalation | None:
    texts = PolicyVersion.objects.filter(policy__project=project_id, policy__slug=policy, number=version)
    text = texts.values_list("text", flat=True).first()
    return next((found.escalation for found in policies.parse(text or "").rules if found.id == rule), None)
