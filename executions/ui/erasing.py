"""Erasing what an execution or an end user left behind."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from executions.domain.states import TERMINAL
from executions.models import Execution
from executions.queries import erasable, legal_holds, records
from executions.queries.erasable import Choice
from executions.services import erasing, subjects
from executions.services.erasing import WHILE_ONE_WAITS, Erased
from executions.ui.erasure_forms import EraseEndUserForm, EraseForm
from governance.access import Permission
from governance.models import Project
from governance.ui.entrance import actor_of, refuse, within_project
from waxell.lib.errors import DomainError
from waxell.lib.htmx import redirect, render_page

COUNTED = 1000
"""Contents are counted up to here before they are erased."""


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(Permission.ERASE)
def execution_erase(request: HttpRequest, project: Project, execution_id: UUID) -> HttpResponse:
    """What would go, and what keeps it; POST erases it."""
    row = get_object_or_404(records.visible(project.pk), pk=execution_id)
    form = EraseForm(request.POST if request.method == "POST" else None, project=project)
    choice = Choice(project_id=project.pk, execution=row.pk)
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            done = erasing.erase(
                choice, actor=actor_of(request), reason=form.cleaned_data["reason"], limit=WHILE_ONE_WAITS
            )
        except DomainError as error:
            status = refuse(form, error)
        else:
            messages.success(request, _told(done))
            return redirect(request, reverse("executions:execution", args=[project.slug, row.pk]))
    context = {
        "project": project,
        "execution": row,
        "ended": row.state in TERMINAL,
        "form": form,
        **what_would_go(row),
    }
    return render_page(request, "executions/execution_erase.html", context, partial="form", status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(Permission.ERASE)
def end_user_erase(request: HttpRequest, project: Project) -> HttpResponse:
    """Erase an end user's name and all contents of what was done for them."""
    form = EraseEndUserForm(request.POST if request.method == "POST" else None, project=project)
    back = reverse("executions:retention", args=[project.slug])
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            done = subjects.erase(
                project_id=project.pk,
                actor=actor_of(request),
                scope_type="end_user",
                scope_value=form.cleaned_data["end_user"],
                reason=form.cleaned_data["reason"],
                limit=WHILE_ONE_WAITS,
            )
        except DomainError as error:
            status = 422 if error.status == 404 else error.status
            said = _("Nobody of this name is known here.") if error.status == 404 else error.detail or error.title()
            form.add_error("end_user", said)
        else:
            messages.success(request, _told(done))
            return redirect(request, back)
    context = {"project": project, "form": form, "back_href": back}
    return render_page(request, "executions/end_user_erase.html", context, partial="form", status=status)


def what_would_go(row: Execution) -> dict[str, object]:
    """What erasing an execution would take, for the form that asks: how many contents, and the hold that keeps them."""
    left = len(erasable.choose(Choice(project_id=row.project_id, execution=row.pk), limit=COUNTED))
    return {"left": left, "more": left == COUNTED, "hold": legal_holds.keeping(row)}


def _told(done: Erased) -> str:
    parts = [
        ngettext("%(n)s content erased.", "%(n)s contents erased.", done.payloads) % {"n": f"{done.payloads:,}"},
    ]
    if done.waiting:
        parts.append(
            ngettext(
                "%(n)d execution still lives: erase again when it has ended.",
                "%(n)d executions still live: erase again when they have ended.",
                len(done.waiting),
            )
            % {"n": len(done.waiting)}
        )
    if not done.complete:
        parts.append(_("There is more: erase again."))
    return " ".join(parts)
