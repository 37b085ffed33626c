"""How much is written down, and how much of it waits to be sealed."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from executions.queries import ledger
from executions.ui.overview import counted
from executions.ui.polling import live
from governance.access import Permission
from governance.models import Project
from governance.ui.entrance import within_project
from waxell.lib.htmx import render_page


@require_safe
@within_project(Permission.VIEW)
def show(request: HttpRequest, project: Project) -> HttpResponse:
    """Entries, streams and the seal queue of one project."""
    seen = ledger.look(project.pk)
    context = {"project": project, "seen": seen, "unsealed": counted(seen.unsealed)}
    return live(request, render_page(request, "executions/ledger.html", context, partial="counts"))
