"""What waits for a person, and deciding it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from executions.queries import approvals as queries
from executions.queries import erasures, records
from executions.services import approvals
from executions.services.callers import Caller
from executions.ui import wording
from executions.ui.forms import DecisionForm
from executions.ui.lines import causes
from executions.ui.polling import live
from governance import access
from governance.access import Permission
from governance.models import Approval, Project
from governance.queries import pages
from governance.ui.entrance import may, person_of, within_project
from waxell.lib.errors import DomainError
from waxell.lib.htmx import redirect, render_page

INBOX = 100
"""Waiting approvals on the page; behind so many, the ones that expire first are the ones to decide."""


@require_safe
@within_project(Permission.VIEW)
def approval_list(request: HttpRequest, project: Project) -> HttpResponse:
    """The inbox, and below it what was decided."""
    page = pages.page(
        queries.decided(project.pk), cursor=request.GET.get("cursor") or None, limit=20, key=("id",), descending=True
    )
    waiting = list(queries.inbox(project.pk)[:INBOX])
    why = queries.reasons(project.pk, waiting)
    context = {
        "project": project,
        "waiting": [{"approval": row, "why": causes(why.get(row.pk, ()), {})} for row in waiting],
        "decided": page.items,
        "older": page.next,
        "first_page": not request.GET.get("cursor"),
        "can_decide": may(request, Permission.DECIDE_APPROVALS, project),
    }
    return live(request, render_page(request, "executions/approval_list.html", context, partial="inbox"))


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(Permission.VIEW)
def approval(request: HttpRequest, project: Project, approval_id: UUID) -> HttpResponse:
    """One approval: who wants what and why it waits; POST decides it."""
    row = get_object_or_404(queries.visible(project.pk), pk=approval_id)
    form = DecisionForm(request.POST if request.method == "POST" else None)
    problem = None
    if request.method == "POST":
        access.require(person_of(request), Permission.DECIDE_APPROVALS, project)
        if form.is_valid():
            problem = _decide(request, row, **form.cleaned_data)
            if problem is None:
                return redirect(request, reverse("executions:approval_list", args=[project.slug]))
    status = problem.status if problem else 422 if form.is_bound else 200
    context = _context(request, project, row) | {"form": form, "problem": problem and (problem.detail or str(problem))}
    return render_page(request, "executions/approval.html", context, partial="decision", status=status)


def _decide(request: HttpRequest, row: Approval, *, comment: str, decision: str) -> DomainError | None:
    person = person_of(request)
    try:
        after = approvals.decide_approval(
            approval_id=row.pk,
            caller=Caller(project_id=row.project_id, person_id=person.pk),
            person_id=person.pk,
            decision=decision,
            comment=comment,
        )
    except DomainError as error:
        return error
    said = {
        Approval.State.PENDING: "Your voice is counted. More people must agree before it goes on.",
        Approval.State.REFUSED: "Refused. The agent is told so.",
    }
    messages.success(request, said.get(Approval.State(after.state), "Granted. The agent may go on."))
    return None


def _context(request: HttpRequest, project: Project, row: Approval) -> dict[str, Any]:
    entry = records.written(project.pk, row.execution_id, row.action_seq)
    units = {item["budget"]: item["unit"] for item in entry.body["facts"].get("budgets", ())} if entry else {}
    # A held start has an input, every other action arguments.
    asked = next((item for item in entry.payloads if item.name in ("args", "input")), None) if entry else None
    content = bytes(asked.content) if asked else None
    missing = erasures.gone(project.pk, [entry]) if entry else {}
    sees = may(request, Permission.VIEW_PAYLOADS, project)
    return {
        "project": project,
        "approval": row,
        "lead": f"{row.agent.name or row.agent.slug} · {row.workflow_slug}",
        "holds": causes(entry.body["decision"]["reasons"], units) if entry else (),
        "sees_payloads": sees,
        "gone": next((gone for gone in missing.values() if gone.name in ("args", "input")), None) if sees else None,
        "arguments": wording.readable_json(content) if content else None,
        "canonical": wording.visible(content.decode("utf-8", "replace")) if content else None,
        "digest": bytes(row.args_digest).hex(),
        "votes": list(row.votes.all()),
        "can_decide": row.state == Approval.State.PENDING and may(request, Permission.DECIDE_APPROVALS, project),
    }
