"""Granting or refusing several requests that are alike, with one comment."""

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from executions.queries import approvals as queries
from executions.queries import requests
from executions.services.approving_alike import decide_each
from executions.services.callers import Caller
from executions.ui.forms import DecisionForm
from executions.ui.requests import card
from governance.access import Permission
from governance.models import Approval, Project
from governance.ui.entrance import may, person_of, sentence, within_project
from waxell.lib.htmx import render_page

MOST = 100
"""So many are decided in one go."""


class AlikeForm(DecisionForm):
    """Which of them, and the decision on all of those."""

    chosen = forms.ModelMultipleChoiceField(
        queryset=Approval.objects.none(), error_messages={"required": _("Choose at least one of them.")}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(Permission.DECIDE_APPROVALS)
def approval_alike(request: HttpRequest, project: Project, approval_id: UUID) -> HttpResponse:
    """What waits and is like this one: same agent, action and rules; POST decides those that were chosen."""
    row = get_object_or_404(queries.visible(project.pk), pk=approval_id)
    form = AlikeForm(request.POST if request.method == "POST" else None)
    # What has ended since the page was shown is still one of them, and is told so.
    form.fields["chosen"].queryset = queries.like(row)  # type: ignore[attr-defined]
    outcomes = []
    status = 422 if form.is_bound else 200
    if form.is_valid():
        given = form.cleaned_data
        said = decide_each(
            approvals=list(given["chosen"].select_related("agent").order_by("expires_at", "id")[:MOST]),
            caller=Caller(project_id=project.pk, person_id=person_of(request).pk),
            person_id=person_of(request).pk,
            decision=given["decision"],
            comment=given["comment"],
        )
        outcomes = [(item.approval, item.problem and sentence(item.problem)) for item in said]
        status = 200 if any(item.problem is None for item in said) else 409
        form = AlikeForm()
    waiting = list(queries.like(row).filter(state=Approval.State.PENDING).prefetch_related("votes")[:MOST])
    told = requests.of(project.pk, waiting, contents=may(request, Permission.VIEW_PAYLOADS, project))
    context = {
        "project": project,
        "approval": row,
        "cards": [card(item, told.get(item.pk)) for item in waiting],
        "why": card(row, requests.of(project.pk, [row], contents=False).get(row.pk)).why,
        "form": form,
        "chosen": set(request.POST.getlist("chosen")) if form.is_bound else {str(row.pk)},
        "outcomes": outcomes,
    }
    return render_page(request, "executions/approval_alike.html", context, partial="alike", status=status)
