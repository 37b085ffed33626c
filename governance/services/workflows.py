"""Changing a workflow that is there."""

from typing import Final

from django.db import transaction

from governance.domain.actors import Actor
from governance.models import Agent, Workflow
from governance.services.recording import record

_TOLD: Final = ("max_attempts", "max_concurrent", "schedule", "schedule_agent")
"""What the entry tells in full; of the description only that it is another one."""


def change(
    *,
    workflow: Workflow,
    actor: Actor,
    description: str,
    max_attempts: int,
    max_concurrent: int,
    schedule: str,
    schedule_agent: Agent | None,
) -> Workflow:
    """Give a workflow these values, which adopts it; the same values change nothing.

    `schedule` must be five cron fields or empty: who starts executions by it reads it.
    """
    wanted = {
        "description": description,
        "max_attempts": max_attempts,
        "max_concurrent": max_concurrent,
        "schedule": schedule,
        "schedule_agent": schedule_agent,
        "discovered": False,
    }
    with transaction.atomic():
        rows = Workflow.objects.select_for_update(no_key=True, of=("self",))
        row = rows.select_related("schedule_agent").get(pk=workflow.pk)
        changed = {field: value for field, value in wanted.items() if getattr(row, field) != value}
        if not changed:
            return row
        members = {
            "workflow": row.slug,
            "changed": sorted(changed),
            "was": {field: _shown(getattr(row, field)) for field in _TOLD if field in changed},
            "now": {field: _shown(changed[field]) for field in _TOLD if field in changed},
        }
        for field, value in changed.items():
            setattr(row, field, value)
        if "schedule" in changed:
            # Another schedule counts from when it is first seen.
            row.last_scheduled_at = None
        row.save()
        record(project_id=row.project_id, actor=actor, type="workflow.changed", members=members)
    return row


def _shown(value: object) -> object:
    return value.slug if isinstance(value, Agent) else value
