"""A recorded action, kept as a test case of a policy."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from executions.queries import records
from executions.ui.wording import readable_json, visible
from governance.access import Permission
from governance.domain import cases as domain
from governance.models import Policy, Project
from governance.queries import policies as policy_queries
from governance.services import cases
from governance.services.cases import Source
from governance.ui.entrance import actor_of, may, refuse, within_project
from governance.ui.forms.cases import VerdictForm
from waxell.lib.errors import DomainError, Forbidden
from waxell.lib.htmx import redirect, render_page


class KeepForm(VerdictForm):
    policy = forms.ChoiceField(label=_("For which policy"))
    field_order = ["policy", "name", "wanted"]

    def __init__(self, *args: Any, policies: list[Policy], **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["policy"].choices = [(one.slug, one.name) for one in policies]  # type: ignore[attr-defined]


@within_project(Permission.VIEW)
def case_keep(request: HttpRequest, project: Project, execution_id: UUID, seq: int) -> HttpResponse:
    """Choose the policy and what shall happen; the facts are those of the record."""
    row = get_object_or_404(records.visible(project.pk), pk=execution_id)
    entry = records.written(project.pk, row.id, seq)
    if entry is None or entry.type != "action.decided":
        raise Http404
    policies = _theirs(request, project)
    facts, decision = entry.body["facts"], entry.body["decision"]
    if not policies or (facts["has_args"] and not may(request, Permission.VIEW_PAYLOADS, project)):
        raise Forbidden()
    known = {one.slug: one for one in policies}
    form, status = _form(request, policies, decision), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            wanted = form.cleaned_data
            try:
                cases.keep(
                    policy=known[wanted["policy"]],
                    actor=actor_of(request),
                    name=wanted["name"],
                    wanted=wanted["wanted"],
                    given=domain.recorded(facts),
                    source=Source(stream=row.id, seq=seq),
                )
            except DomainError as error:
                status = refuse(form, error, "name" if error.code == "name_taken" else None)
            else:
                messages.success(request, _t("Kept. It is asked whenever the policy's text is checked."))
                return redirect(request, reverse("governance:policy_case_list", args=[project.slug, wanted["policy"]]))
    args = next((content for content in entry.payloads if content.name == "args"), None)
    context = {
        "execution": row,
        "form": form,
        "verdict": entry.verdict,
        "what": visible(f"{facts['kind']} {facts['resource']['id']}"),
        "agent": visible(facts["principal"]["slug"]),
        "args": readable_json(bytes(args.content)) if args and facts["has_args"] else "",
        "seq": seq,
    }
    return render_page(request, "executions/case_keep.html", context, partial="form", status=status)


def _theirs(request: HttpRequest, project: Project) -> list[Policy]:
    """The policies that the signed-in person may author."""
    found = list(policy_queries.listed(project.pk))
    if may(request, Permission.AUTHOR_POLICIES, project):
        return found
    return [one for one in found if may(request, Permission.AUTHOR_POLICIES, one)]


def _form(request: HttpRequest, policies: list[Policy], decision: dict[str, Any]) -> KeepForm:
    if request.method == "POST":
        return KeepForm(request.POST, policies=policies)
    named = next((reason.get("policy") for reason in decision["reasons"]), None)
    initial = {"wanted": decision["verdict"], "policy": named or policies[0].slug}
    return KeepForm(policies=policies, initial=initial)
