"""One draft being tried, and what was found: how many decisions change, whose, and which."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import FETCH_RAISE
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from executions.domain import simulating as domain
from executions.domain.simulating import TRANSITIONS, Transition
from executions.models import Simulation, SimulationExample
from executions.queries import simulations as queries
from executions.queries.simulations import Affected, Found
from executions.services import simulations
from executions.services.simulations import KEPT_EACH, PARTS
from executions.ui.polling import live_while
from executions.ui.simulating import Change, changes
from executions.ui.wording import visible
from governance.access import Permission
from governance.models import Policy, Project
from governance.queries import pages
from governance.ui.entrance import may, person_of, within_project
from governance.ui.policies import find
from waxell.lib.errors import Forbidden, NotFound
from waxell.lib.htmx import redirect, render_page

MOST_SHOWN: Final = 20
"""How many pairs of an agent and a workflow the page lists."""

EXAMPLES_SHOWN: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One decision that would be another, and the rule or budget that decides it."""

    example: SimulationExample
    agent: str
    what: str
    why: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked[Thing]:
    """Something that one may look into."""

    it: Thing
    href: str
    current: bool


@require_safe
@within_project(None)
def simulation(request: HttpRequest, project: Project, policy: str, simulation_id: UUID) -> HttpResponse:
    """How far it is and what was found so far; asked again and again while it runs."""
    found, one = _find(request, project, policy, simulation_id)
    summed = queries.summed(one)
    version = (one.state, one.expected, summed.decisions, found.draft_text == one.text, request.get_full_path())

    def render() -> HttpResponse:
        context = {"policy": found, "simulation": one, "found": summed, **_shown(request, one, summed)}
        context |= {"progress": _progress(one, summed), "draft_moved": found.draft_text != one.text}
        return render_page(request, "executions/simulation.html", context, partial="result")

    return live_while(request, version, render)


@require_POST
@within_project(None)
def simulation_cancel(request: HttpRequest, project: Project, policy: str, simulation_id: UUID) -> HttpResponse:
    """End it; what was found until now stays."""
    found, one = _find(request, project, policy, simulation_id)
    if simulations.cancel(one):
        messages.success(request, _("Cancelled. What was found until then is below."))
    else:
        messages.info(request, _("It had ended before you cancelled it."))
    return redirect(request, reverse("executions:simulation", args=[project.slug, found.slug, one.pk]))


def _find(request: HttpRequest, project: Project, slug: str, simulation_id: UUID) -> tuple[Policy, Simulation]:
    """One's own simulation; what saw arguments is only for those who still may see them."""
    found = find(request, project, slug, Permission.AUTHOR_POLICIES)
    if not may(request, Permission.VIEW, project):
        raise Forbidden()
    contents = may(request, Permission.VIEW_PAYLOADS, project)
    visible_ones = queries.of_person(policy_id=found.pk, person_id=person_of(request).pk, contents=contents)
    one = visible_ones.filter(pk=simulation_id).prefetch_related("parts").first()
    if one is None:
        raise NotFound()
    return found, one


def _shown(request: HttpRequest, one: Simulation, found: Found) -> dict[str, Any]:
    """What was found, and the page of examples that the address names."""
    transition = _chosen(request, found)
    agent, workflow = request.GET.get("agent", ""), request.GET.get("workflow", "")
    context: dict[str, Any] = {
        "changes": [_change(change, transition) for change in changes(found.by_transition, found.decisions)],
        "affected": [_actor(actor, transition, agent, workflow) for actor in found.affected[:MOST_SHOWN]],
        "unshown": max(0, len(found.affected) - MOST_SHOWN),
        "transition": transition,
        "of_agent": visible(agent),
        "of_workflow": visible(workflow),
    }
    if transition is None:
        return context
    kept = queries.examples(one, place=domain.place_of(transition), agent=agent, workflow=workflow)
    page = pages.page(
        kept.fetch_mode(FETCH_RAISE),
        cursor=request.GET.get("cursor") or None,
        limit=EXAMPLES_SHOWN,
        key=("stream", "seq"),
        descending=True,
    )
    first = _address(change=str(transition), agent=agent, workflow=workflow)
    older = _address(change=str(transition), agent=agent, workflow=workflow, cursor=page.next or "")
    return context | {
        "rows": [_row(example) for example in page.items],
        "newest_href": first if request.GET.get("cursor") else None,
        "older_href": older if page.next else None,
        "everyones_href": _address(change=str(transition)),
        "kept": KEPT_EACH * PARTS if found.by_transition[transition] > KEPT_EACH else None,
    }


def _chosen(request: HttpRequest, found: Found) -> Transition | None:
    """The change that the address names, else the first there is to read."""
    named = {str(transition): transition for transition in found.by_transition}
    return named.get(request.GET.get("change", ""), next(iter(found.by_transition), None))


def _change(change: Change, chosen: Transition | None) -> Linked[Change]:
    return Linked(it=change, href=_address(change=str(change.transition)), current=change.transition == chosen)


def _actor(actor: Affected, transition: Transition | None, agent: str, workflow: str) -> Linked[Affected]:
    href = _address(change=str(transition or TRANSITIONS[0]), agent=actor.agent, workflow=actor.workflow)
    return Linked(it=actor, href=href, current=(actor.agent, actor.workflow) == (agent, workflow))


def _address(**filters: str) -> str:
    return "?" + urlencode({name: value for name, value in filters.items() if value}) + "#examples"


def _progress(one: Simulation, found: Found) -> int:
    """How far it is, in percent; 100 only when it is done."""
    if one.state == Simulation.State.DONE:
        return 100
    return min(99, 100 * found.decisions // one.expected) if one.expected else 0


def _row(example: SimulationExample) -> Row:
    reason = example.reason or example.was or {}
    parts = (reason.get("policy"), reason.get("rule") or reason.get("budget"))
    message = str(reason.get("message", ""))
    return Row(
        example=example,
        agent=visible(example.agent),
        what=visible(f"{example.kind} {example.resource}"),
        # What binds; where nothing does any more, what bound.
        why=message if example.reason else _("No longer: %(message)s") % {"message": message},
        rule="/".join(str(part) for part in parts if part),
    )
