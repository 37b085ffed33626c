"""Trying a policy's draft on what happened: the choice of a period, and a glance before a publication."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from executions.domain.simulating import Draft, Transition
from executions.models import Simulation
from executions.queries import simulations as queries
from executions.queries.simulations import Found
from executions.services import simulating, simulations
from executions.services.simulations import TooManySimulations
from governance.access import Permission
from governance.models import Policy, Project
from governance.services.policies import PolicyInvalid
from governance.ui.entrance import may, person_of, refuse, within_project
from governance.ui.policies import find
from waxell.lib.errors import Forbidden
from waxell.lib.htmx import redirect, render_page

PERIODS: Final = {
    "hour": (_("The last hour"), timedelta(hours=1)),
    "day": (_("The last day"), timedelta(days=1)),
    "week": (_("The last week"), timedelta(days=7)),
    "month": (_("The last 30 days"), timedelta(days=30)),
}
THEN: Final = "then"
IN_FORCE: Final = "in_force"
AT_A_GLANCE: Final = 1_000
"""How many decisions are judged before a publication."""


class TryForm(forms.Form):
    """On what a draft is tried, and what it is compared with."""

    period = forms.ChoiceField(
        label=_("Decisions of"), choices=[(name, label) for name, (label, _long) in PERIODS.items()], initial="day"
    )
    against = forms.ChoiceField(
        label=_("Compare with"),
        choices=[(THEN, _("What was decided then")), (IN_FORCE, _("What the rules in force today would decide"))],
        initial=THEN,
        widget=forms.RadioSelect,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How many decisions go from one verdict to another; `percent` of all that were looked at."""

    transition: Transition
    many: int
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One simulation of the list."""

    simulation: Simulation
    found: Found
    href: str


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(None)
def policy_try(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """Try the saved draft on the decisions of a period; with `glance` a few lines about the last day."""
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    glance = request.method != "POST" and "glance" in request.GET
    if not may(request, Permission.VIEW, project):
        if glance:
            return HttpResponse(status=204)
        raise Forbidden()
    if glance:
        return _glance(request, found)
    form, status, stands_against = TryForm(request.POST if request.method == "POST" else None), 200, False
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                return redirect(request, _address(project, found, _started(request, found, form)))
            except PolicyInvalid:
                stands_against = True
            except TooManySimulations as error:
                status = refuse(form, error)
    contents = may(request, Permission.VIEW_PAYLOADS, project)
    tried = queries.of_person(policy_id=found.pk, person_id=person_of(request).pk, contents=contents)
    latest = tried.prefetch_related("parts")[: queries.LATEST]
    context = {
        "policy": found,
        "form": form,
        "stands_against": stands_against,
        "latest": [
            Line(simulation=one, found=queries.summed(one), href=_address(project, found, one)) for one in latest
        ],
    }
    return render_page(request, "executions/policy_try.html", context, status=status)


def changes(by_transition: dict[Transition, int], decisions: int) -> tuple[Change, ...]:
    """Say how many decisions change in which way, what is newly let through first."""
    return tuple(
        Change(transition=transition, many=many, percent=max(1, 100 * many // decisions))
        for transition, many in by_transition.items()
    )


def _started(request: HttpRequest, policy: Policy, form: TryForm) -> Simulation:
    return simulations.start(
        policy=policy,
        person=person_of(request),
        since=timezone.now() - PERIODS[form.cleaned_data["period"]][1],
        contents=may(request, Permission.VIEW_PAYLOADS, policy.project),
        in_force=form.cleaned_data["against"] == IN_FORCE,
    )


def _address(project: Project, policy: Policy, simulation: Simulation) -> str:
    return reverse("executions:simulation", args=[project.slug, policy.slug, simulation.pk])


def _glance(request: HttpRequest, policy: Policy) -> HttpResponse:
    """The newest decisions of the last day at once; nothing where the draft cannot be published."""
    try:
        tried = simulating.simulate(
            project_id=policy.project_id,
            draft=Draft(slug=policy.slug, text=policy.draft_text, mode=policy.mode),
            since=timezone.now() - PERIODS["day"][1],
            limit=AT_A_GLANCE,
            contents=may(request, Permission.VIEW_PAYLOADS, policy.project),
        )
    except PolicyInvalid:
        return HttpResponse(status=204)
    context = {"policy": policy, "tried": tried, "changes": changes(tried.by_transition, tried.decisions)}
    return render_page(request, "executions/policy_try.html#glance", context)
