"""Scheduled starts: each scheduled minute of a workflow starts one execution."""

import logging
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from executions.domain import schedules
from executions.domain.wanted import StartWanted
from executions.services import admission
from executions.services.callers import system
from governance.domain.requests import Retry
from governance.models import Workflow
from waxell.lib import canonical
from waxell.lib.db.calls import call_one
from waxell.lib.errors import DomainError
from waxell.lib.times import format_time

logger = logging.getLogger(__name__)


def start_scheduled() -> list[UUID]:
    """Start what is due by the database's clock and each project's zone; returns the executions.

    A minute that passed unseen, up to a day ago, is caught up once.
    """
    now: datetime = call_one("SELECT clock_timestamp() AS now").now
    scheduled = (
        Workflow.objects.filter(kind=Workflow.Kind.WORKER, schedule_agent__isnull=False)
        .exclude(schedule="")
        .select_related("project", "schedule_agent")
        .order_by("id")
    )
    started = []
    for workflow in scheduled:
        try:
            execution_id = _start_if_due(workflow, now)
        except (schedules.ScheduleInvalid, DomainError) as error:
            logger.warning("workflow %s was not started on schedule: %s", workflow.slug, error)
            continue
        if execution_id is not None:
            started.append(execution_id)
    return started


def _start_if_due(workflow: Workflow, now: datetime) -> UUID | None:
    schedule = schedules.parse(workflow.schedule)
    if workflow.last_scheduled_at is None:
        # Seen for the first time: what lies before does not count.
        _move(workflow, now)
        return None
    zone = ZoneInfo(workflow.project.time_zone)
    minute = schedules.latest_due(schedule, after=workflow.last_scheduled_at.astimezone(zone), now=now.astimezone(zone))
    if minute is None:
        return None
    moment = minute.astimezone(UTC)
    execution_id = _start(workflow, moment)
    # Should we die before this, the same minute is started again under the same key: once.
    _move(workflow, moment)
    return execution_id


def _start(workflow: Workflow, moment: datetime) -> UUID:
    caller = system(workflow.project_id)
    retry = Retry(
        caller=caller.stored_as,
        path=f"schedule:{workflow.pk}",
        key=format_time(moment),
        body=canonical.digest_of(str(workflow.pk)),
    )
    agent = workflow.schedule_agent.slug if workflow.schedule_agent else None
    wanted = StartWanted(workflow=workflow.slug, agent=agent, labels={"started_by": "schedule"})
    answer = admission.start_execution(caller=caller, wanted=wanted, retry=retry)
    return UUID(answer.body["id"])


def _move(workflow: Workflow, moment: datetime) -> bool:
    """Note the latest scheduled minute, unless another sweeper was faster."""
    seen = Workflow.objects.filter(pk=workflow.pk, last_scheduled_at=workflow.last_scheduled_at)
    return bool(seen.update(last_scheduled_at=moment))
