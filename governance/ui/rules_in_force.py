"""Rules in force, no. N, and what each number changed since the one before."""

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from governance.access import Permission
from governance.models import Project
from governance.queries import publications, states
from governance.queries.publications import Publication
from governance.ui import changes, rules
from governance.ui.entrance import within_project
from governance.ui.rules import RuleLine
from waxell.lib.htmx import render_page


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One number: when, by whom, what changed."""

    number: int
    at: datetime
    by: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A policy in force and its rules."""

    slug: str
    version: int
    on_trial: bool
    rules: tuple[RuleLine, ...]


@require_safe
@within_project(Permission.VIEW)
def rules_in_force(request: HttpRequest, project: Project) -> HttpResponse:
    before = request.GET.get("before", "")
    if before and not (before.isascii() and before.isdecimal() and len(before) < 16):
        raise Http404
    found, more = publications.before(project.pk, int(before) if before else None)
    state = states.in_force(project.pk)
    context = {
        "number": state.number,
        "digest": state.digest,
        "policies": [
            Shown(slug=one.slug, version=one.version, on_trial=one.mode == "shadow", rules=rules.of_text(one.text))
            for one in state.policies
        ]
        if not before
        else [],
        "steps": [_step(publication) for publication in found],
        "older": f"?before={found[-1].number}" if more else "",
        "newer": "?" if before else "",
    }
    return render_page(request, "governance/rules_in_force.html", context)


def _step(publication: Publication) -> Step:
    told = tuple(changes.told(change) for change in publication.changes if not changes.is_internal(change))
    return Step(number=publication.number, at=publication.at, by=publication.by, changes=told)
