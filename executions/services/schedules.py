"""Schedules of workflows: setting them, and starting one execution in each scheduled minute."""

import logging
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from executions.domain import schedules
from executions.domain.wanted import StartWanted
from executions.services import admission
from executions.services.callers import system
from governance.domain.actors import Actor
from governance.domain.requests import Retry
from governance.models import Agent, Workflow
from governance.services import workflows
from waxell.lib import canonical
from waxell.lib.db.calls import call_one
from waxell.lib.errors import DomainError, Invalid
from waxell.lib.times import format_time

logger = logging.getLogger(__name__)


class ScheduleRefused(Invalid):
    """A schedule has five cron fields (minute, hour, day of month, month, day of week) and a day that comes."""

    code = "schedule_invalid"


class ScheduleAgentMissing(Invalid):
    """Work on a schedule needs an agent of the project, whose rules and budgets it is under."""

    code = "schedule_agent_missing"


def change_workflow(
    *,
    workflow: Workflow,
    actor: Actor,
    description: str,
    max_attempts: int,
    max_concurrent: int,
    schedule: str = "",
    schedule_agent: Agent | None = None,
) -> Workflow:
    """Change a workflow; with a schedule, our workers start it as `schedule_agent`.

    Another schedule counts from now: what it would have started before is not caught up.
    Raises ScheduleRefused, ScheduleAgentMissing.
    """
    schedule = " ".join(schedule.split())
    if schedule:
        _check(workflow, schedule)
        if schedule_agent is None or schedule_agent.project_id != workflow.project_id:
            raise ScheduleAgentMissing()
    return workflows.change(
        workflow=workflow,
        actor=actor,
        description=description,
        max_attempts=max_attempts,
        max_concurrent=max_concurrent,
        schedule=schedule,
        schedule_agent=schedule_agent if schedule else None,
    )


def _check(workflow: Workflow, schedule: str) -> None:
    if workflow.kind != Workflow.Kind.WORKER:
        raise ScheduleRefused("Only what runs on our workers can be started by us.")
    try:
        schedules.parse(schedule)
    except schedules.ScheduleInvalid as error:
        raise ScheduleRefused() from error


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
