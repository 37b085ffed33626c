"""Publishing later: scheduling, cancelling, and what the pages say of it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_POST

from governance.access import Permission
from governance.models import Policy, PolicySchedule, Project
from governance.services import schedules
from governance.services.policies import DraftConflict
from governance.ui.entrance import actor_of, sentence, within_project
from governance.ui.forms.policies import PublishForm
from governance.ui.policies import find
from waxell.lib.errors import DomainError, NotFound
from waxell.lib.htmx import redirect


class ScheduleForm(PublishForm):
    """A publication at a time of the project's zone."""

    due_at = forms.DateTimeField(
        label=_l("When"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )


@within_project(None)
@require_POST
def policy_schedule(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """Let the draft come in force at a time."""
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    form = ScheduleForm(request.POST)
    # What is typed is a time of the project, whatever zone this console counts in.
    with timezone.override(ZoneInfo(project.time_zone)):
        valid = form.is_valid()
    if not valid:
        messages.error(request, _("Say when, as a date and a time."))
        return _back(request, found)
    wanted = dict(form.cleaned_data)
    try:
        if wanted.pop("revision") != found.draft_revision:
            raise DraftConflict()
        made = schedules.schedule(policy=found, actor=actor_of(request), **wanted)
    except DomainError as error:
        messages.error(request, sentence(error))
    else:
        shown = timezone.localtime(made.due_at, ZoneInfo(project.time_zone))
        messages.success(
            request,
            _("It comes in force on %(when)s (%(zone)s), if nothing has changed by then.")
            % {"when": f"{shown:%Y-%m-%d %H:%M}", "zone": project.time_zone},
        )
    return _back(request, found)


@within_project(None)
@require_POST
def policy_schedule_cancel(request: HttpRequest, project: Project, policy: str, schedule_id: int) -> HttpResponse:
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    waiting = PolicySchedule.objects.select_related("policy").filter(policy=found, pk=schedule_id).first()
    if waiting is None:
        raise NotFound()
    try:
        schedules.cancel(waiting=waiting, actor=actor_of(request))
    except DomainError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, _("Cancelled. The draft stays a draft."))
    return _back(request, found)


def shown(policy: Policy, *, expected_version: int) -> dict[str, Any]:
    """Return what the page that publishes says of publishing later."""
    newest = PolicySchedule.objects.filter(policy=policy).select_related("person").order_by("-id").first()
    waits = newest is not None and newest.state == PolicySchedule.State.WAITING
    refused = newest is not None and newest.state == PolicySchedule.State.REFUSED
    seen = {"expected_version": expected_version, "revision": policy.draft_revision}
    return {
        "scheduled": newest if waits else None,
        "schedule_refused": newest if refused else None,
        "schedule_form": ScheduleForm(initial=seen, auto_id="id_later_%s"),
        "zone": policy.project.time_zone,
        "earliest": f"{_now_in(policy.project):%Y-%m-%dT%H:%M}",
    }


def _now_in(project: Project) -> datetime:
    return timezone.localtime(timezone.now(), ZoneInfo(project.time_zone))


def _back(request: HttpRequest, policy: Policy) -> HttpResponse:
    return redirect(request, reverse("governance:policy_publish", args=[policy.project.slug, policy.slug]))
