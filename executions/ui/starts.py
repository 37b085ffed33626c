"""Starting work of our workers by hand."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from executions.domain.wanted import StartWanted
from executions.services import admission
from executions.services.callers import Caller
from executions.ui.forms import StartForm
from governance.access import Permission
from governance.domain.requests import Retry
from governance.models import Project
from governance.ui.entrance import person_of, within_project
from waxell.lib import canonical
from waxell.lib.errors import DomainError
from waxell.lib.htmx import redirect, render_page


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(Permission.OPERATE_EXECUTIONS)
def start(request: HttpRequest, project: Project) -> HttpResponse:
    """Choose a worker's workflow and its input; POST asks for admission."""
    given = {name: request.GET[name] for name in ("workflow", "agent") if name in request.GET}
    form = StartForm(request.POST if request.method == "POST" else None, project=project, initial=given)
    if request.method == "POST" and form.is_valid():
        try:
            started = _start(request, project, form)
        except DomainError as error:
            form.add_error(None, error.detail or error.title())
        else:
            return redirect(request, reverse("executions:execution", args=[project.slug, started]))
    context = {
        "project": project,
        "form": form,
        "workflows": form.fields["workflow"].choices,  # type: ignore[attr-defined]
        "cancel_href": reverse("executions:execution_list", args=[project.slug]),
    }
    status = 422 if form.is_bound else 200
    return render_page(request, "executions/execution_start.html", context, partial="form", status=status)


def _start(request: HttpRequest, project: Project, form: StartForm) -> UUID:
    wanted = StartWanted(
        workflow=form.cleaned_data["workflow"],
        agent=form.cleaned_data["agent"],
        input=form.cleaned_data["input"],
        environment=form.cleaned_data["environment"],
    )
    caller = Caller(project_id=project.pk, person_id=person_of(request).pk)
    asked = {"workflow": wanted.workflow, "agent": wanted.agent, "input": wanted.input, "env": wanted.environment}
    retry = Retry(
        caller=caller.stored_as,
        path=request.path,
        key=str(form.cleaned_data["once"]),
        body=canonical.digest_of(asked),
    )
    answer = admission.start_execution(caller=caller, wanted=wanted, retry=retry)
    if answer.body["verdict"] != "allow" and not answer.replayed:
        messages.warning(request, "The rules did not let it start at once: see why below.")
    return UUID(answer.body["id"])
