"""Trying a policy's draft on what happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from executions.domain.simulating import Draft, Transition
from executions.services import simulating
from executions.services.simulating import Example, Simulation
from executions.ui.wording import visible
from governance.access import Permission
from governance.models import Policy, Project
from governance.services.policies import PolicyInvalid
from governance.ui.entrance import may, within_project
from governance.ui.policies import find
from waxell.lib.errors import Forbidden
from waxell.lib.htmx import render_page

PERIODS: Final = {
    "hour": ("The last hour", timedelta(hours=1)),
    "day": ("The last day", timedelta(days=1)),
    "week": ("The last week", timedelta(days=7)),
    "month": ("The last 30 days", timedelta(days=30)),
}
AT_A_GLANCE: Final = 1_000
"""How many decisions are judged before a publication."""

MOST_SHOWN: Final = 20
"""How many pairs of an agent and a workflow the page lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How many decisions go from one verdict to another; `percent` of all that were looked at."""

    transition: Transition
    many: int
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One decision that would be another, and the rule or budget that decides it."""

    example: Example
    agent: str
    what: str
    why: str
    rule: str
    at: datetime


@require_safe
@within_project(None)
def policy_try(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """What the draft would have done to the decisions of a period; with `glance` one sentence about the last day."""
    found = find(request, project, policy, Permission.AUTHOR_POLICIES)
    glance = "glance" in request.GET
    if not may(request, Permission.VIEW, project):
        if glance:
            return HttpResponse(status=204)
        raise Forbidden()
    period = "day" if glance else request.GET.get("period", "day")
    period = period if period in PERIODS else "day"
    limit = AT_A_GLANCE if glance else simulating.DEFAULT_DECISIONS
    tried = _tried(request, found, since=timezone.now() - PERIODS[period][1], limit=limit)
    context = {
        "policy": found,
        "tried": tried,
        "changes": _changes(tried) if tried else (),
        "examples": [_shown(example) for example in tried.examples] if tried else (),
        "affected": tried.affected[:MOST_SHOWN] if tried else (),
        "unshown": max(0, len(tried.affected) - MOST_SHOWN) if tried else 0,
        "periods": [
            {"href": f"?period={name}", "label": label, "current": name == period}
            for name, (label, _) in PERIODS.items()
        ],
    }
    template = "executions/policy_try.html#glance" if glance else "executions/policy_try.html"
    return render_page(request, template, context)


def _tried(request: HttpRequest, policy: Policy, *, since: datetime, limit: int) -> Simulation | None:
    """The draft tried; None where it cannot be published."""
    try:
        return simulating.simulate(
            project_id=policy.project_id,
            draft=Draft(slug=policy.slug, text=policy.draft_text, mode=policy.mode),
            since=since,
            limit=limit,
            contents=may(request, Permission.VIEW_PAYLOADS, policy.project),
        )
    except PolicyInvalid:
        return None


def _changes(tried: Simulation) -> tuple[Change, ...]:
    return tuple(
        Change(transition=transition, many=many, percent=max(1, 100 * many // tried.decisions))
        for transition, many in tried.by_transition.items()
    )


def _shown(example: Example) -> Shown:
    facts = example.recorded.line["facts"]
    return Shown(
        example=example,
        agent=visible(facts["principal"]["slug"]),
        what=visible(f"{facts['kind']} {facts['resource']['id']}"),
        why=_why(example),
        rule=_rule(example.tried.reason or example.tried.was or {}),
        at=example.recorded.at,
    )


def _why(example: Example) -> str:
    """The reason that binds; where nothing does any more, the one that bound."""
    if (reason := example.tried.reason) is not None:
        return str(reason["message"])
    return f"No longer: {example.tried.was['message']}" if example.tried.was else ""


def _rule(reason: Mapping[str, Any]) -> str:
    parts = (reason.get("policy"), reason.get("rule") or reason.get("budget"))
    return "/".join(str(part) for part in parts if part)
