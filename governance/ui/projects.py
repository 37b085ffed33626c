"""Opening a project, and what can be set in it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from governance import access
from governance.access import Permission
from governance.models import Person, Project
from governance.queries import states
from governance.services import projects
from governance.ui import wording
from governance.ui.context import overview_of
from governance.ui.entrance import actor_of, may, person_of, refuse, within_project
from governance.ui.forms.projects import ProjectForm, SettingsForm
from waxell.lib.errors import DomainError
from waxell.lib.htmx import redirect, render_page


def may_create(person: Person) -> bool:
    """Projects are opened by those who own one already, and by superusers."""
    return person.is_superuser or access.holding(person, Permission.OWN_PROJECT).exists()


@login_required
def project_new(request: HttpRequest) -> HttpResponse:
    if not may_create(person_of(request)):
        raise PermissionDenied
    form = ProjectForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                project = projects.create(owner=person_of(request), **form.cleaned_data)
            except DomainError as error:
                status = refuse(form, error, "slug")
            else:
                messages.success(request, _("%(name)s is open. You own it.") % {"name": project.name})
                return redirect(request, overview_of(project))
    return render_page(request, "governance/project_new.html", {"form": form}, partial="form", status=status)


@within_project(Permission.VIEW)
def project_settings(request: HttpRequest, project: Project) -> HttpResponse:
    """The settings, for those who own the project to change."""
    in_force = states.in_force(project.pk)
    deciding = in_force.settings
    initial: dict[str, str | int] = {
        "name": project.name,
        "refusal_limit": deciding.refusal_limit,
        "approval_timeout_seconds": deciding.approval_timeout_seconds,
        "time_zone": deciding.time_zone,
        "max_concurrent_executions": project.max_concurrent_executions,
        "max_pending_executions": project.max_pending_executions,
        "four_eyes": project.four_eyes,
    }
    form = SettingsForm(request.POST or None, initial=initial, timeout=deciding.approval_timeout_seconds)
    status = 200
    if request.method == "POST":
        access.require(person_of(request), Permission.OWN_PROJECT, project)
        status = 422
        if form.is_valid():
            try:
                projects.change_settings(project=project, actor=actor_of(request), **form.cleaned_data)
            except DomainError as error:
                status = refuse(form, error, "time_zone")
            else:
                messages.success(request, _("Saved. What decides is in force from the next action on."))
                return redirect(request, reverse("governance:project_settings", args=[project.slug]))
    context = {
        "form": form,
        "number": in_force.number,
        "facts": [(form[name].label, _said(name, value)) for name, value in initial.items()],
        "opened": project,
        "may_own": may(request, Permission.OWN_PROJECT, project),
    }
    return render_page(request, "governance/project_settings.html", context, partial="form", status=status)


def _said(name: str, value: str | int) -> str | int:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return wording.duration(int(value)) if name.endswith("_seconds") else value
