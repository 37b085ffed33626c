"""Why an action was refused, and what would have been if: one decision with all that it knew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from executions.domain import supposing as domain
from executions.queries import decisions, records
from executions.queries.decisions import Recorded
from executions.services import supposing
from executions.services.supposing import THEN, Known
from executions.ui.lines import Cause, causes
from executions.ui.supposing_forms import WhatIfForm
from executions.ui.wording import readable_json, visible
from governance.access import Permission
from governance.domain.verdicts import Verdict
from governance.models import Policy, Project
from governance.queries import policies as queries
from governance.services.policies import PolicyInvalid
from governance.ui.entrance import may, within_project
from waxell.lib.htmx import render_page

TITLES: Final = {
    Verdict.ALLOW: _("Why was this allowed?"),
    Verdict.HOLD: _("Why did this wait for a person?"),
    Verdict.DENY: _("Why was this refused?"),
    Verdict.HALT: _("Why was this stopped?"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A decision for reading: the reasons that bind, those that only mark, and those on trial."""

    verdict: Verdict
    causes: tuple[Cause, ...]
    marks: tuple[Cause, ...]
    trial: tuple[Cause, ...]


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(Permission.VIEW)
def what_if(request: HttpRequest, project: Project, execution_id: UUID, seq: int) -> HttpResponse:
    """A decision, its facts, and its verdict had they been others or been judged by other rules; writes nothing."""
    row = get_object_or_404(records.visible(project.pk), pk=execution_id)
    found = decisions.one(project.pk, row.pk, seq) if seq < 2**63 else None
    if found is None:
        raise Http404
    known = supposing.know(project.pk, found, contents=may(request, Permission.VIEW_PAYLOADS, project))
    drafts = list(queries.listed(project.pk).order_by("name", "pk"))
    form = _form(request, found, known, drafts) if known else None
    context: dict[str, Any] = {
        "execution": row,
        "seq": seq,
        "at": found.at,
        "title": TITLES[Verdict(found.line["decision"]["verdict"])],
        "what": visible(f"{found.line['action']['kind']} {found.line['action']['resource']}"),
        "agent": visible(found.line["facts"]["principal"]["slug"]),
        "then": _judged(found.line["decision"], found.line["facts"]),
        "form": form,
        "sees_args": bool(known and known.schema),
    }
    status = 200
    if known and form and form.is_bound:
        status = 200 if form.is_valid() else 422
        if form.is_valid():
            try:
                context["after"] = _supposed(project, found, known, form, drafts)
            except PolicyInvalid:
                context["stands_against"], status = True, 422
    return render_page(request, "executions/what_if.html", context, partial="supposing", status=status)


def _form(request: HttpRequest, found: Recorded, known: Known, drafts: list[Policy]) -> WhatIfForm:
    written = readable_json(found.args or b"{}") if known.schema is not None else None
    given = request.POST if request.method == "POST" else None
    return WhatIfForm(given, supposed=domain.of(known.facts), written=written, policies=drafts)


def _supposed(project: Project, found: Recorded, known: Known, form: WhatIfForm, drafts: list[Policy]) -> Judged:
    slug = form.policy_named()
    policy = next((one for one in drafts if one.slug == slug), None)
    rules = supposing.rules_of(known, policy, now=form.cleaned_data["rules"] != THEN, project_id=project.pk)
    args = form.cleaned_data.get("args", supposing.written_args(found) if known.schema is not None else None)
    decision = supposing.judge(known, form.supposed(), args=args, rules=rules)
    return _judged(decision.document(), found.line["facts"], draft=slug)


def _judged(decision: Mapping[str, Any], facts: Mapping[str, Any], *, draft: str | None = None) -> Judged:
    """Put a decision into words; rules of the policy `draft` are no version's yet."""
    units = {row["budget"]: row["unit"] for row in facts.get("budgets", ())}

    def read(reasons: Sequence[Mapping[str, Any]]) -> tuple[Cause, ...]:
        found = causes(reasons, units)
        return tuple(replace(cause, version=None) if draft and cause.policy == draft else cause for cause in found)

    return Judged(
        verdict=Verdict(decision["verdict"]),
        causes=read(decision["reasons"]),
        marks=read(decision.get("flags", ())),
        trial=read(decision.get("shadow", ())),
    )
