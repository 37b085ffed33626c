"""What the rules do not speak of, and what nobody sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from executions.queries import blindness, coverage, tallies
from executions.queries.blindness import AgentSeen
from executions.queries.coverage import Uncovered
from executions.ui.wording import VOUCHED
from governance.access import Permission
from governance.models import Project
from governance.queries import states
from governance.ui.entrance import within_project
from waxell.lib.htmx import render_page

PERIODS: Final = {"day": ("The last day", 1), "week": ("The last 7 days", 7), "month": ("The last 30 days", 30)}
SHOWN: Final = 50
"""How many names of a type a page lists."""

TITLES: Final = {
    "Agent": gettext_lazy("Agents"),
    "Workflow": gettext_lazy("Workflows"),
    "Tool": gettext_lazy("Tools"),
    "Model": gettext_lazy("Models"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One type of names: how many of those that acted some rule names, and those that none does."""

    kind: str
    title: str
    named: int
    all: int
    percent: int
    rows: Sequence[Uncovered]
    unshown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """One agent: in how many executions who vouches, and the word for the best of it."""

    seen: AgentSeen
    word: str
    meaning: str


@require_safe
@within_project(Permission.VIEW)
def coverage_page(request: HttpRequest, project: Project) -> HttpResponse:
    """Agents, workflows, tools and models in decisions of the period that no rule in force names."""
    period, since = _period(request)
    tally = tallies.tally(project.pk, since=since)
    covered = coverage.cover(project.pk, states.in_force(project.pk), tally)
    parts = [
        Part(
            kind=kind,
            title=str(TITLES[kind]),
            named=covered.named[kind],
            all=covered.all[kind],
            percent=100 * covered.named[kind] // covered.all[kind] if covered.all[kind] else 0,
            rows=covered.uncovered[kind][:SHOWN],
            unshown=max(0, len(covered.uncovered[kind]) - SHOWN),
        )
        for kind in coverage.TYPES
    ]
    context = {"parts": parts, "tally": tally, "periods": _choices(period), "current": "coverage"}
    return render_page(request, "executions/coverage.html", context)


@require_safe
@within_project(Permission.VIEW)
def blindness_page(request: HttpRequest, project: Project) -> HttpResponse:
    """Acts without an outcome, agents for which nobody vouches, silent ones, and gaps."""
    period, since = _period(request)
    seen = blindness.look(project.pk, since=since)
    context = {
        "seen": seen,
        "unvouched": [_vouched(one) for one in seen.agents if one.unvouched][:SHOWN],
        "gaps": [one for one in seen.agents if one.interrupted or one.without_models][:SHOWN],
        "periods": _choices(period),
        "current": "blindness",
    }
    return render_page(request, "executions/blindness.html", context)


def _vouched(seen: AgentSeen) -> Vouched:
    word, meaning = VOUCHED["asked" if seen.asked else "observed"]
    return Vouched(seen=seen, word=word, meaning=meaning)


def _period(request: HttpRequest) -> tuple[str, datetime]:
    period = request.GET.get("period", "week")
    period = period if period in PERIODS else "week"
    return period, timezone.now() - timedelta(days=PERIODS[period][1])


def _choices(current: str) -> list[dict[str, object]]:
    return [
        {"href": f"?period={name}", "label": _(label), "current": name == current}
        for name, (label, _days) in PERIODS.items()
    ]
