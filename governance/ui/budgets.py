"""Budgets: the list, a new one, one with its windows, a new limit, retiring."""

from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.db.models import FETCH_RAISE
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from governance import access
from governance.access import Permission
from governance.domain.manifest import BudgetInForce
from governance.models import Budget, Project
from governance.queries import budgets as queries
from governance.queries import states, usage
from governance.services import budgets
from governance.ui import meters, wording
from governance.ui.entrance import actor_of, may, person_of, refuse, within_project
from governance.ui.forms.budgets import BudgetForm, RevisionForm, written_amount
from governance.ui.forms.policies import InForceForm
from governance.ui.meters import Meter
from waxell.lib.errors import Conflict, DomainError, NotFound
from waxell.lib.htmx import redirect, render_page, wants_fragment

SHOWN_WINDOWS: Final = 24
SHOWN_PAST: Final = 50
SHOWN_RESERVATIONS: Final = 50
BEGINNING: Final = {"unit": "usd", "scope_type": "project", "period": "day"}
"""What a new budget's form begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRow:
    """A budget as a sentence, and the bar of its fullest window."""

    budget: Budget
    sentence: str
    effect: str
    meter: Meter


@within_project(Permission.VIEW)
@require_safe
def budget_list(request: HttpRequest, project: Project) -> HttpResponse:
    in_force = queries.in_force_versions(states.in_force(project.pk))
    fullest = usage.fullest(project.pk)
    found = list(queries.listed(project.pk).fetch_mode(FETCH_RAISE))
    context = {
        "rows": [
            BudgetRow(
                budget=budget,
                sentence=_sentence(budget, in_force[budget.slug]),
                effect=str(wording.ON_EXCEED[in_force[budget.slug].on_exceed]),
                meter=meters.of_window(budget, fullest.get(budget.pk), in_force[budget.slug].limit),
            )
            for budget in found
            if budget.slug in in_force
        ],
        "retired": [budget for budget in found if budget.slug not in in_force],
        "may_manage": may(request, Permission.MANAGE_BUDGETS, project),
    }
    return render_page(request, "governance/budget_list.html", context)


@within_project(Permission.MANAGE_BUDGETS)
def budget_new(request: HttpRequest, project: Project) -> HttpResponse:
    """As unit and scope are chosen, the part of the form is asked for again that offers what goes with them."""
    chosen = request.GET.dict() if wants_fragment(request) else {}
    form = BudgetForm(request.POST or None, project=project, initial={**BEGINNING, **chosen})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = budgets.create(project=project, actor=actor_of(request), **form.cleaned_data)
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("The budget is in force."))
                return redirect(request, _address(project, made.budget))
    partial = "form" if request.method == "POST" else "fitting"
    return render_page(request, "governance/budget_new.html", {"form": form}, partial=partial, status=status)


@within_project(None)
@require_safe
def budget(request: HttpRequest, project: Project, budget: str) -> HttpResponse:
    """One budget: windows of now as bars, those before, what is set aside, its versions."""
    found = _find(request, project, budget, Permission.VIEW)
    shown = _in_force(found)
    limit = shown.limit if shown else None
    current = list(usage.current(found)[: SHOWN_WINDOWS + 1])
    versions = found.versions.select_related("author").order_by("-number").fetch_mode(FETCH_RAISE)
    context = {
        "budget": found,
        "in_force": shown,
        "sentence": _sentence(found, shown) if shown else "",
        "effect": wording.ON_EXCEED[shown.on_exceed] if shown else "",
        "default_text": wording.amount(found.unit, shown.default_reservation)
        if shown and shown.default_reservation is not None
        else "",
        "meters": [meters.of_window(found, window, limit) for window in current[:SHOWN_WINDOWS]]
        or ([meters.of_window(found, None, limit)] if shown else []),
        "more_windows": len(current) > SHOWN_WINDOWS,
        "past": [meters.of_window(found, window, None) for window in usage.past(found)[:SHOWN_PAST]],
        "reservations": [
            (row, wording.amount(row.unit, row.amount)) for row in usage.open_reservations(found)[:SHOWN_RESERVATIONS]
        ],
        "versions": [(version, wording.amount(found.unit, version.limit)) for version in versions],
        "may_manage": may(request, Permission.MANAGE_BUDGETS, found),
    }
    return render_page(request, "governance/budget.html", context)


@within_project(None)
def budget_revise(request: HttpRequest, project: Project, budget: str) -> HttpResponse:
    found = _find(request, project, budget, Permission.MANAGE_BUDGETS)
    shown = _in_force(found)
    seen = shown.version if shown else 0
    latest = found.versions.order_by("number").last()
    if latest is None:
        raise NotFound()
    terms = {
        "limit": written_amount(found.unit, latest.limit),
        "default_reservation": written_amount(found.unit, latest.default_reservation),
        "on_exceed": latest.on_exceed,
        "approvers": latest.approvers,
        "expected_version": seen,
    }
    form, status = RevisionForm(project=project, unit=found.unit, initial=terms), 200
    if request.method == "POST":
        form, status = RevisionForm(request.POST, project=project, unit=found.unit), 422
        if form.is_valid():
            try:
                made = budgets.revise(budget=found, actor=actor_of(request), **form.cleaned_data)
            except DomainError as error:
                # Bound again to what is in force now, so that the next attempt is about that.
                again = request.POST.copy()
                again["expected_version"] = str(seen)
                form = RevisionForm(again, project=project, unit=found.unit)
                form.is_valid()
                status = refuse(form, error)
            else:
                messages.success(request, _("Version %(version)d is in force.") % {"version": made.version})
                return redirect(request, _address(project, found))
    context = {"budget": found, "in_force": shown, "sentence": _sentence(found, shown) if shown else "", "form": form}
    return render_page(request, "governance/budget_revise.html", context, partial="form", status=status)


@within_project(None)
def budget_retire(request: HttpRequest, project: Project, budget: str) -> HttpResponse:
    found = _find(request, project, budget, Permission.MANAGE_BUDGETS)
    shown = _in_force(found)
    form, status = InForceForm(request.POST or None, initial={"expected_version": shown.version if shown else 0}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if form.cleaned_data["expected_version"] != (shown.version if shown else 0):
                    raise Conflict()
                budgets.retire(budget=found, actor=actor_of(request), note=form.cleaned_data["note"])
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("%(name)s is out of force.") % {"name": found.name})
                return redirect(request, reverse("governance:budget_list", args=[project.slug]))
    context = {"budget": found, "sentence": _sentence(found, shown) if shown else "", "form": form}
    return render_page(request, "governance/budget_retire.html", context, partial="form", status=status)


def _find(request: HttpRequest, project: Project, slug: str, permission: Permission) -> Budget:
    found = queries.listed(project.pk).filter(slug=slug).first()
    if found is None:
        raise NotFound()
    access.require(person_of(request), permission, found)
    return found


def _in_force(budget: Budget) -> BudgetInForce | None:
    return queries.in_force_versions(states.in_force(budget.project_id)).get(budget.slug)


def _sentence(budget: Budget, shown: BudgetInForce) -> str:
    """Return the budget as one reads it: `$5.00 a day, for each agent`."""
    limit = f"{wording.amount(budget.unit, shown.limit)} {wording.PERIODS[shown.period]}"
    if shown.scope == "execution" and shown.period == "per_execution":
        return limit
    return f"{limit}, {wording.scope(shown.scope, shown.scope_value)}"


def _address(project: Project, budget: Budget) -> str:
    return reverse("governance:budget", args=[project.slug, budget.slug])
