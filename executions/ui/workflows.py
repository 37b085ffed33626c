"""One workflow: how it runs, when it starts by itself, and what may be changed."""

from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import FETCH_RAISE, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from executions.domain import schedules as cron
from executions.models import Execution
from executions.queries import executions as queries
from executions.services import schedules
from executions.ui.forms import WorkflowChangeForm
from governance import access
from governance.access import Permission
from governance.models import Project, Workflow
from governance.ui.entrance import actor_of, may, person_of, refuse, within_project
from waxell.lib.errors import DomainError
from waxell.lib.htmx import redirect, render_page

STARTS_SHOWN: Final = 3
NEWEST: Final = 5
_FIELDS: Final = {"schedule_invalid": "schedule", "schedule_agent_missing": "schedule_agent"}


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(Permission.VIEW)
def workflow(request: HttpRequest, project: Project, workflow_id: UUID) -> HttpResponse:
    """What is known of a workflow; POST changes it."""
    found = Workflow.objects.select_related("schedule_agent").filter(project=project, pk=workflow_id).first()
    if found is None:
        raise Http404
    initial = {
        "description": found.description,
        "max_attempts": found.max_attempts,
        "max_concurrent": found.max_concurrent,
        "schedule": found.schedule,
        "schedule_agent": found.schedule_agent,
    }
    form = WorkflowChangeForm(request.POST or None, workflow=found, initial=initial)
    status = 200
    if request.method == "POST":
        access.require(person_of(request), Permission.MANAGE_AGENTS, project)
        status = 422
        if form.is_valid():
            try:
                schedules.change_workflow(workflow=found, actor=actor_of(request), **form.values())
            except DomainError as error:
                status = refuse(form, error, _FIELDS.get(error.code))
            else:
                messages.success(request, _("Saved."))
                return redirect(request, reverse("executions:workflow", args=[project.slug, found.pk]))
    context = {
        "project": project,
        "workflow": found,
        "runs_here": found.kind == Workflow.Kind.WORKER,
        "starts": _starts(found, project),
        "newest": list(_newest(project, found)[:NEWEST]),
        "form": form,
        "may_manage": may(request, Permission.MANAGE_AGENTS, project),
        "can_start": may(request, Permission.OPERATE_EXECUTIONS, project),
    }
    return render_page(request, "executions/workflow.html", context, partial="form", status=status)


def _newest(project: Project, workflow: Workflow) -> QuerySet[Execution]:
    rows = queries.found(project.pk, {"workflow": workflow.slug})
    return rows.order_by("-id").fetch_mode(FETCH_RAISE)


def _starts(workflow: Workflow, project: Project) -> tuple[datetime, ...]:
    """When it starts next; nothing without a schedule that can be read."""
    try:
        parsed = cron.parse(workflow.schedule) if workflow.schedule else None
    except cron.ScheduleInvalid:
        return ()
    if parsed is None:
        return ()
    now = timezone.now().astimezone(ZoneInfo(project.time_zone))
    return cron.upcoming(parsed, after=now, many=STARTS_SHOWN)
