"""The first page: a list of what matters now."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from executions.queries import overview
from executions.ui.activity import event_of
from executions.ui.polling import live
from governance.access import Permission
from governance.models import Project, Window
from governance.queries import beginnings
from governance.ui.entrance import may, within_project
from governance.ui.wording import amount
from waxell.lib.htmx import render_page


@require_safe
@within_project(Permission.VIEW)
def show(request: HttpRequest, project: Project) -> HttpResponse:
    """Approvals, trouble, running work, budgets, rules and the seal queue of one project."""
    seen = overview.look(project.pk)
    can_start = may(request, Permission.OPERATE_EXECUTIONS, project)
    context = {
        "project": project,
        "seen": seen,
        "changes": [event_of(entry, seen.changes.people) for entry in seen.changes.entries],
        "waiting": counted(seen.waiting),
        "running": counted(seen.running),
        "pending": counted(seen.pending),
        "unsealed": counted(seen.unsealed),
        "meters": [_meter(window) for window in seen.windows],
        "can_decide": may(request, Permission.DECIDE_APPROVALS, project),
        "can_start": can_start,
        # For those who can take the steps; others would be led to closed doors.
        "steps": beginnings.seen(project.pk) if can_start else None,
    }
    return live(request, render_page(request, "executions/overview.html", context, partial="now"))


def counted(number: int) -> str:
    """A number that was counted no further than the cap."""
    return f"{overview.CAP:,}+" if number > overview.CAP else f"{number:,}"


def _meter(window: Window) -> dict[str, object]:
    unit, limit = window.budget.unit, window.limit_now + window.extra
    left = max(limit - window.spent - window.reserved, 0)
    return {
        "label": f"{window.budget.name}: {window.member}" if window.member else window.budget.name,
        "slug": window.budget.slug,
        "spent": window.spent,
        "reserved": window.reserved,
        "limit": limit,
        "spent_text": amount(unit, window.spent),
        "reserved_text": amount(unit, window.reserved),
        "limit_text": amount(unit, limit),
        "left_text": amount(unit, left),
    }
