"""A policy on trial: what it would have done since its publication, and the step to enforcing it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from executions.services import trials
from executions.services.trials import TrialExample
from executions.ui.wording import visible
from governance.access import Permission
from governance.models import Policy, Project
from governance.queries import policies as queries
from governance.queries import states
from governance.ui.entrance import may, within_project
from governance.ui.policies import find
from waxell.lib.errors import Forbidden
from waxell.lib.htmx import render_page

MOST_SHOWN: Final = 20
"""How many pairs of an agent and a workflow, and how many rules, the page lists."""

WOULD: Final = {
    "halt": _("Would have stopped"),
    "deny": _("Would have refused"),
    "hold": _("Would have asked a person"),
    "flag": _("Would have marked"),
}


DONE: Final = {"halt": _("stopped"), "deny": _("refused"), "hold": _("asked a person"), "flag": _("marked")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One decision as a row."""

    example: TrialExample
    effect: str
    word: str
    agent: str
    what: str
    at: datetime


@require_safe
@within_project(None)
def policy_trial(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    """What records say of the version on trial; nothing where none is."""
    found = find(request, project, policy, Permission.VIEW)
    if not may(request, Permission.VIEW, project):
        # It tells of executions, which rights on one policy do not show.
        raise Forbidden()
    in_force = queries.in_force_versions(states.in_force(project.pk)).get(found.slug)
    context: dict[str, object] = {"policy": found, "in_force": in_force, "report": None}
    if in_force is not None and in_force.mode == Policy.Mode.SHADOW:
        version = found.versions.get(number=in_force.version)
        report = trials.report(project_id=project.pk, slug=found.slug, version=version.number, since=version.created_at)
        context |= {
            "report": report,
            "effects": [(effect, WOULD[effect], many) for effect, many in report.by_effect],
            "whose": report.whose[:MOST_SHOWN],
            "rules": report.rules[:MOST_SHOWN],
            "examples": [_shown(example) for example in report.examples],
        }
    context["may_author"] = may(request, Permission.AUTHOR_POLICIES, found)
    return render_page(request, "executions/policy_trial.html", context)


def _shown(example: TrialExample) -> Shown:
    facts = example.recorded.line["facts"]
    effect = example.reason["effect"]
    return Shown(
        example=example,
        effect=effect,
        word=str(DONE[effect]),
        agent=visible(facts["principal"]["slug"]),
        what=visible(f"{facts['kind']} {facts['resource']['id']}"),
        at=example.recorded.at,
    )
