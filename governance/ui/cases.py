"""Test cases of a policy: the list, a new one, changing and taking out."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from governance.access import Permission
from governance.domain import cases as domain
from governance.models import Policy, PolicyCase, Project
from governance.queries import cases as queries
from governance.services import cases, policies
from governance.services.cases import Source
from governance.ui import case_lines
from governance.ui.entrance import actor_of, may, refuse, within_project
from governance.ui.forms.cases import CaseForm, VerdictForm, shown_json
from governance.ui.policies import find
from waxell.lib.errors import DomainError, NotFound
from waxell.lib.htmx import redirect, render_page


@within_project(None)
@require_safe
def policy_case_list(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """The cases of a policy, and what its draft says to them."""
    found = find(request, project, policy, Permission.VIEW)
    valid = policies.validate(project_id=project.pk, text=found.draft_text).valid
    context = {
        "policy": found,
        "valid": valid,
        "cases": case_lines.of_text(request, found, found.draft_text) if valid else (),
        "kept": () if valid else queries.current(found),
        "may_author": may(request, Permission.AUTHOR_POLICIES, found),
    }
    return render_page(request, "governance/policy_case_list.html", context)


@within_project(None)
def policy_case_new(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    form, status = CaseForm(request.POST or None, initial={"kind": "tool.call", "wanted": "deny"}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                cases.keep(policy=found, actor=actor_of(request), **_kept(form))
            except DomainError as error:
                status = refuse(form, error, "name" if error.code == "name_taken" else None)
            else:
                messages.success(request, _("Kept. It is asked whenever the text is checked."))
                return redirect(request, _list(project, found))
    return render_page(
        request, "governance/policy_case.html", {"policy": found, "form": form}, partial="form", status=status
    )


@within_project(None)
def policy_case(request: HttpRequest, project: Project, policy: str, case_id: int) -> HttpResponse:
    """Change a case: all of one made by hand; of a recorded one what shall happen."""
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    case = _case(found, case_id)
    form, status = _form(request, case), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                cases.keep(policy=found, actor=actor_of(request), replaces=case, **_kept(form, case))
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("Changed."))
                return redirect(request, _list(project, found))
    context = {"policy": found, "form": form, "case": case, "recorded": "facts" in case.given}
    return render_page(request, "governance/policy_case.html", context, partial="form", status=status)


@within_project(None)
@require_POST
def policy_case_remove(request: HttpRequest, project: Project, policy: str, case_id: int) -> HttpResponse:
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    cases.remove(case=_case(found, case_id), actor=actor_of(request))
    messages.success(request, _("Taken out. It is asked no more."))
    return redirect(request, _list(project, found))


def _list(project: Project, policy: Policy) -> str:
    return reverse("governance:policy_case_list", args=[project.slug, policy.slug])


def _case(policy: Policy, case_id: int) -> PolicyCase:
    found = policy.cases.select_related("policy").filter(pk=case_id).first()
    if found is None:
        raise NotFound()
    return found


def _form(request: HttpRequest, case: PolicyCase) -> forms.Form:
    data = request.POST if request.method == "POST" else None
    initial: dict[str, Any] = {"name": case.name, "wanted": case.wanted}
    if "facts" in case.given:
        form: forms.Form = VerdictForm(data, initial=initial)
    else:
        shown = {name: shown_json(case.given.get(name)) for name in ("args", "context")}
        form = CaseForm(data, initial={**case.given, **initial, **shown})
    form.fields["name"].disabled = True
    return form


def _kept(form: forms.Form, case: PolicyCase | None = None) -> dict[str, Any]:
    wanted = dict(form.cleaned_data)
    kept = {"name": wanted.pop("name"), "wanted": wanted.pop("wanted")}
    if case is not None and "facts" in case.given:
        source = Source(stream=case.stream, seq=case.seq) if case.stream and case.seq else None
        return {**kept, "given": case.given, "source": source}
    return {**kept, "given": domain.example(**wanted)}
