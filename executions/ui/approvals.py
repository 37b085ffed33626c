"""What waits for a person, and deciding it."""

import json
from collections import Counter
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from executions.queries import approvals as queries
from executions.queries import erasures, records, requests
from executions.services import approvals
from executions.services.callers import Caller
from executions.ui import wording
from executions.ui.causes import causes
from executions.ui.forms import DecisionForm
from executions.ui.polling import live
from executions.ui.requests import Step, asked_later, budgets, card, comments, cost, granted, units
from governance import access
from governance.access import Permission
from governance.models import Approval, Person, Project
from governance.queries import pages
from governance.ui.entrance import may, person_of, within_project
from waxell.lib.errors import DomainError
from waxell.lib.htmx import redirect, render_page

SHOWN: Final = {"": _("All"), "mine": _("Waiting for me"), "decided": _("Decided")}
"""What the inbox can be narrowed to, as one reads it."""

STEPS: Final = 5
"""Earlier actions of the execution that are shown beside a request."""

VOTED: Final = ("approval.voted", "approval.decided")

INBOX = 100
"""Waiting approvals on the page; behind so many, the ones that expire first are the ones to decide."""


@require_safe
@within_project(Permission.VIEW)
def approval_list(request: HttpRequest, project: Project) -> HttpResponse:
    """The inbox, and below it what was decided; `show` narrows it to `mine` or to what is `decided`."""
    show = request.GET.get("show", "")
    if show not in SHOWN:
        raise BadRequest("Show all, mine or decided.")
    page = pages.page(
        queries.decided(project.pk), cursor=request.GET.get("cursor") or None, limit=20, key=("id",), descending=True
    )
    person = person_of(request)
    can_decide = may(request, Permission.DECIDE_APPROVALS, project)
    first_page = not request.GET.get("cursor")
    waiting = list(_waiting(project, person, show, can_decide)[:INBOX]) if first_page else []
    told = requests.of(project.pk, waiting, contents=may(request, Permission.VIEW_PAYLOADS, project))
    among = Counter(map(_likeness, waiting))
    context = {
        "project": project,
        "show": show,
        "chips": [
            {"label": label, "href": f"?show={name}" if name else "?", "current": name == show}
            for name, label in SHOWN.items()
        ],
        "cards": [card(row, told.get(row.pk), alike=among[_likeness(row)] - 1) for row in waiting],
        "decided": () if show == "mine" else page.items,
        "older_href": "?" + urlencode({"show": show, "cursor": page.next}) if page.next else None,
        "first_page": first_page,
        "live_href": f"{request.path}?show={show}" if show else request.path,
        "can_decide": can_decide,
    }
    return live(request, render_page(request, "executions/approval_list.html", context, partial="inbox"))


def _likeness(row: Approval) -> tuple[object, ...]:
    return (*requests.alike(row), json.dumps(row.holds, sort_keys=True))


def _waiting(project: Project, person: Person, show: str, can_decide: bool) -> QuerySet[Approval]:
    rows = queries.inbox(project.pk)
    if show == "decided" or (show == "mine" and not can_decide):
        rows = rows.none()
    elif show == "mine":
        rows = queries.awaiting(project.pk, person)
    return rows.prefetch_related("votes")


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
    facts = entry.body["facts"] if entry else {}
    # A held start has an input, every other action arguments.
    asked = next((item for item in entry.payloads if item.name in ("args", "input")), None) if entry else None
    content = bytes(asked.content) if asked else None
    missing = erasures.gone(project.pk, [entry]) if entry else {}
    sees = may(request, Permission.VIEW_PAYLOADS, project)
    before = records.written_before(
        project.pk, row.execution_id, before=row.action_seq, limit=STEPS, begins=("action.decided",)
    )
    said = comments(records.written_about(project.pk, row.execution_id, row.action_seq, VOTED)) if sees else {}
    return {
        "project": project,
        "approval": row,
        "lead": f"{row.agent.name or row.agent.slug} · {row.workflow_slug}",
        "requester": requests.requesters_of([row.execution_id]).get(row.execution_id, ""),
        "holds": causes(entry.body["decision"]["reasons"], units(facts)) if entry else (),
        "cost": cost(facts),
        "budgets": budgets(facts),
        "steps": [Step(entry=step) for step in reversed(before)],
        "past": requests.past_of(project.pk, [row]).get(requests.alike(row)),
        "answered": requests.answered(row),
        "sees_payloads": sees,
        "gone": next((gone for gone in missing.values() if gone.name in ("args", "input")), None) if sees else None,
        "arguments": wording.readable_json(content) if content else None,
        "canonical": wording.visible(content.decode("utf-8", "replace")) if content else None,
        "digest": bytes(row.args_digest).hex(),
        "votes": [(vote, said.get(str(vote.person_id), "")) for vote in row.votes.all()],
        "granted": granted(row),
        "asked_later": asked_later(row),
        "alike": queries.like(row).filter(state=Approval.State.PENDING).exclude(pk=row.pk).count(),
        "can_decide": row.state == Approval.State.PENDING and may(request, Permission.DECIDE_APPROVALS, project),
    }
