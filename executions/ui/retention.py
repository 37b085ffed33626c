"""How long contents are kept, what must be kept, and what was erased."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib import messages
from django.db.models import FETCH_RAISE, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from executions.queries import activity, erasures, legal_holds, subjects
from executions.services.subjects import hold as place
from executions.ui.erasure_forms import HOLDS, PAYLOADS, HoldLiftForm, LegalHoldForm, RetentionForm
from governance import access
from governance.access import Permission
from governance.models import LegalHold, Project, RetentionRule
from governance.services import legal_holds as holds
from governance.services.retention import keep_for
from governance.ui.entrance import actor_of, may, person_of, refuse, within_project
from waxell.lib.errors import DomainError
from waxell.lib.htmx import redirect, render_page

SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(Permission.VIEW)
def retention(request: HttpRequest, project: Project) -> HttpResponse:
    """Rules, holds and erasures; POST sets a rule."""
    form = RetentionForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_bound:
        access.require(person_of(request), Permission.ERASE, project)
        if form.is_valid():
            try:
                keep_for(project_id=project.pk, actor=actor_of(request), **form.cleaned_data)
            except DomainError as error:
                status = refuse(form, error, "days")
            else:
                messages.success(request, _("Saved. What is over goes within ten minutes."))
                return redirect(request, reverse("executions:retention", args=[project.slug]))
    may_erase = may(request, Permission.ERASE, project)
    reads = may_erase or may(request, Permission.VIEW_PAYLOADS, project)
    rows = legal_holds.listed(project.pk).order_by("-id").fetch_mode(FETCH_RAISE)
    context = {
        "project": project,
        "form": form,
        "rules": [
            {"contents": PAYLOADS.get(rule.payload, rule.payload), "rule": rule}
            for rule in RetentionRule.objects.filter(project=project).order_by("payload")
        ],
        "in_force": _named(project, rows.filter(lifted_at__isnull=True), reads),
        "lifted": _named(project, rows.filter(lifted_at__isnull=False)[:SHOWN], reads),
        "erased": _erased(project, reads),
        "may_erase": may_erase,
    }
    return render_page(request, "executions/retention.html", context, partial="rule", status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(Permission.ERASE)
def legal_hold_new(request: HttpRequest, project: Project) -> HttpResponse:
    """Say what must be kept; POST keeps it."""
    given = {name: request.GET[name] for name in ("scope_type", "scope_value") if name in request.GET}
    form = LegalHoldForm(request.POST if request.method == "POST" else None, initial=given)
    back = reverse("executions:retention", args=[project.slug])
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            place(project_id=project.pk, actor=actor_of(request), **form.cleaned_data)
        except DomainError as error:
            status = refuse(form, error, "scope_value")
        else:
            messages.success(request, _("The legal hold is in force."))
            return redirect(request, back)
    context = {"project": project, "form": form, "back_href": back}
    return render_page(request, "executions/legal_hold_new.html", context, partial="form", status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(Permission.ERASE)
def legal_hold_lift(request: HttpRequest, project: Project, hold_id: UUID) -> HttpResponse:
    """Let what one hold kept be erased again."""
    hold = get_object_or_404(_visible(project), pk=hold_id)
    form = HoldLiftForm(request.POST if request.method == "POST" else None)
    back = reverse("executions:retention", args=[project.slug])
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            holds.lift(hold=hold, actor=actor_of(request), reason=form.cleaned_data["reason"])
        except DomainError as error:
            status = refuse(form, error)
        else:
            messages.success(request, _("Lifted. What it kept may be erased again."))
            return redirect(request, back)
    (named,) = _named(project, [hold], reads=True)
    context = {"project": project, "item": named, "form": form, "back_href": back}
    return render_page(request, "executions/legal_hold_lift.html", context, partial="form", status=status)


def _visible(project: Project) -> QuerySet[LegalHold]:
    return legal_holds.listed(project.pk).fetch_mode(FETCH_RAISE)


def _named(project: Project, rows: Iterable[LegalHold], reads: bool) -> list[dict[str, object]]:
    shown = list(rows)
    reasons = legal_holds.reasons(project.pk, shown) if reads and shown else {}
    users = {hold.scope_value for hold in shown if hold.scope_type == LegalHold.Scope.END_USER}
    # Holds know only the pseudonym; who may see the project may see whom it stands for.
    names = subjects.end_user_names(project.pk, users) if users else {}
    return [
        {
            "hold": hold,
            "scope": HOLDS[LegalHold.Scope(hold.scope_type)],
            "value": names.get(hold.scope_value, hold.scope_value)
            if hold.scope_type != LegalHold.Scope.PROJECT
            else None,
            "reason": reasons.get(hold.pk, ""),
        }
        for hold in shown
    ]


def _erased(project: Project, reads: bool) -> list[dict[str, object]]:
    told = erasures.told(erasures.listed(project.pk).order_by("-seq")[:SHOWN])
    people = activity.names({erasure.actor["person"] for erasure in told if erasure.actor.get("person")})
    return [
        {
            "erasure": erasure,
            "by": people.get(str(erasure.actor.get("person")), _("Retention")),
            "reason": erasure.reason if reads else "",
        }
        for erasure in told
    ]
