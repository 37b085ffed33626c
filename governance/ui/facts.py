"""What a rule can see: facts, kinds of action and detectors, with the arguments of the project's own tools."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from governance.access import Permission
from governance.domain import fact_reference
from governance.domain.fact_reference import EVERY_WAY
from governance.domain.kinds import GROUP_TYPES, RESOURCE_TYPES
from governance.models import Project
from governance.queries import detectors, registry
from governance.ui.entrance import within_project
from waxell.lib.htmx import render_page


@within_project(Permission.VIEW)
@require_safe
def fact_list(request: HttpRequest, project: Project) -> HttpResponse:
    """Facts that have every word of the query in them; without one, all."""
    query = request.GET.get("q", "").replace("\x00", "")[:200]
    words = query.lower().split()
    context = {
        "query": query,
        "facts": [
            fact
            for fact in (*fact_reference.FACTS, fact_reference.ARGS)
            if _has(words, (f"context.{fact.path}", fact.written_type, fact.unit, fact.meaning, fact.delivered_by))
        ],
        "arguments": [
            found
            for found in fact_reference.arguments(registry.tool_schemas(project.pk))
            if _has(words, (found.tool, f"context.args.{found.path}", found.type, found.meaning))
        ],
        "actions": [
            (kind.value, resource, GROUP_TYPES.get(resource, ""), "" if ways == EVERY_WAY else ", ".join(ways))
            for kind, resource in RESOURCE_TYPES.items()
            for ways in [fact_reference.ASKED_BY[kind]]
            if _has(words, (kind.value, resource, GROUP_TYPES.get(resource, ""), *ways))
        ],
        "figures": [one for one in detectors.figures() if _has(words, ("detectors", one.family.value))],
    }
    return render_page(request, "governance/fact_list.html", context)


def _has(words: Iterable[str], texts: Iterable[str]) -> bool:
    text = " ".join(texts).lower()
    return all(word in text for word in words)
