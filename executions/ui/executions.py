"""The list of executions, and the record of one."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import FETCH_RAISE
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from executions.domain.states import TERMINAL, State
from executions.models import Execution
from executions.queries import activity, erasures, records
from executions.queries import executions as queries
from executions.queries.overview import capped
from executions.services import lifecycle
from executions.services.appending import ExecutionClosed
from executions.services.callers import Caller
from executions.ui import wording
from executions.ui.causes import causes
from executions.ui.erasing import what_would_go
from executions.ui.erasure_forms import EraseForm
from executions.ui.forms import CancelForm
from executions.ui.lines import Reader, people_in
from executions.ui.overview import counted
from executions.ui.polling import live, live_while
from governance.access import Permission
from governance.domain.verdicts import Verdict
from governance.models import Agent, Approval, Project, Workflow
from governance.queries import pages
from governance.ui.entrance import may, person_of, within_project
from governance.ui.wording import amount
from waxell.ledger.queries import standings
from waxell.ledger.queries.standings import Standing
from waxell.lib.htmx import redirect, render_page
from waxell.lib.money import format_usd

SHOWN = ("state", "verdict", "agent", "workflow", "policy", "rule", "budget", "q")
FAMILY = 20
"""Related executions that one page names."""


@require_safe
@within_project(Permission.VIEW)
def execution_list(request: HttpRequest, project: Project) -> HttpResponse:
    """Executions of a project, the newest first, as the filters in the address say."""
    filters = {name: request.GET[name] for name in SHOWN if request.GET.get(name)}
    found = queries.found(project.pk, filters)
    cursor = request.GET.get("cursor") or None
    page = pages.page(found.fetch_mode(FETCH_RAISE), cursor=cursor, key=("id",), descending=True)
    context = {
        "project": project,
        "rows": [_row(execution) for execution in page.items],
        "total": counted(capped(found)),
        "filters": filters,
        "first_page": cursor is None,
        "newest_href": _address(filters),
        "older_href": _address({**filters, "cursor": page.next}) if page.next else None,
        "states": [_choice(filters, "state", state, wording.STATES[state]) for state in State],
        "verdicts": [_choice(filters, "verdict", verdict, wording.VERDICTS[verdict]) for verdict in Verdict],
        "others": [
            {"label": f"{name}: {value}", "href": _address({**filters, name: ""})}
            for name, value in filters.items()
            if name in ("agent", "workflow", "policy", "rule", "budget")
        ],
        "agents": _slugs(Agent, project),
        "workflows": _slugs(Workflow, project),
        "can_start": may(request, Permission.OPERATE_EXECUTIONS, project),
    }
    return live(request, render_page(request, "executions/execution_list.html", context, partial="results"))


@require_safe
@within_project(Permission.VIEW)
def execution(request: HttpRequest, project: Project, execution_id: UUID) -> HttpResponse:
    """One execution: what it was, what was decided, and its entries in time."""
    row = get_object_or_404(records.visible(project.pk), pk=execution_id)
    sees = may(request, Permission.VIEW_PAYLOADS, project)
    # Whatever happens to an execution or to what it started moves a head or a state.
    standing = _standing(row)
    version = (row.seq, row.state, sees, standing, [(other.pk, other.state) for other in records.family(row)[:FAMILY]])

    def render() -> HttpResponse:
        context = {**_record(request, project, row, sees=sees), "standing": standing}
        return render_page(request, "executions/execution.html", context, partial="record")

    return live_while(request, version, render)


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(Permission.OPERATE_EXECUTIONS)
def cancel(request: HttpRequest, project: Project, execution_id: UUID) -> HttpResponse:
    """End an execution and what it started, with a reason."""
    row = get_object_or_404(records.visible(project.pk), pk=execution_id)
    form = CancelForm(request.POST if request.method == "POST" else None)
    href = reverse("executions:execution", args=[project.slug, row.pk])
    if request.method == "POST" and form.is_valid():
        caller = Caller(project_id=project.pk, person_id=person_of(request).pk)
        try:
            lifecycle.cancel_execution(caller=caller, execution_id=row.pk, reason=form.cleaned_data["reason"])
            messages.success(request, "Cancelled. What it had started ended with it.")
        except ExecutionClosed:
            messages.info(request, "It had ended before you cancelled it.")
        return redirect(request, href)
    context = {"project": project, "execution": row, "form": form, "back_href": href}
    status = 422 if form.is_bound else 200
    return render_page(request, "executions/execution_cancel.html", context, partial="form", status=status)


@require_safe
@within_project(Permission.VIEW_PAYLOADS)
def payload(
    request: HttpRequest, *, project: Project, execution_id: UUID, stream: UUID, seq: int, name: str
) -> HttpResponse:
    """The whole of one content."""
    row = get_object_or_404(records.visible(project.pk), pk=execution_id)
    found = records.payload(row, stream, seq, name)
    if found is None:
        raise Http404
    context = {
        "project": project,
        "execution": row,
        "seq": seq,
        "name": name,
        "text": wording.readable_json(bytes(found.content)),
    }
    return render_page(request, "executions/payload.html", context)


def _standing(row: Execution) -> Standing:
    """How safe the whole record is: as its last entry, which is sealed last."""
    return standings.of_entries(row.id, [row.seq])[row.seq]


def _record(request: HttpRequest, project: Project, row: Execution, *, sees: bool) -> dict[str, Any]:
    stretch = records.stretch(row, after=_after(request))
    added = records.addenda(row)
    ending = records.closing(row)
    names = activity.names(people_in((*stretch.entries, *added)))
    held = records.approvals_of(row)
    late_stream = added[0].stream if added else row.id
    reader = Reader(
        execution=row,
        project_slug=project.slug,
        gone=erasures.gone(project.pk, (*stretch.entries, *added)),
        people=names,
        approvals={seq: str(approval.pk) for seq, approval in held.items()},
        shows_payloads=sees,
        standings={
            row.id: standings.of_entries(row.id, [entry.seq for entry in stretch.entries]),
            **({late_stream: standings.of_entries(late_stream, [entry.seq for entry in added])} if added else {}),
        },
    )
    can_erase = row.state in TERMINAL and may(request, Permission.ERASE, project)
    late = sum(entry.body.get("usage", {}).get("cost_micros") or 0 for entry in added)
    presumed = (ending or {}).get("presumed", ())
    return {
        "project": project,
        "execution": row,
        "ended": row.state in TERMINAL,
        "can_erase": can_erase,
        **({"erase_form": EraseForm(project=project), **what_would_go(row)} if can_erase else {}),
        "agent": Agent.objects.filter(pk=row.agent_id).first(),
        "cause": causes([row.cause], {})[0] if row.cause else None,
        "vouched": wording.VOUCHED.get(row.vouched, (row.vouched, "")),
        "lines": reader.lines(stretch.entries),
        "addenda": reader.lines(added, prefix="a"),
        "before": stretch.before,
        "after": stretch.after,
        "paged": request.GET.get("after") is not None,
        "rules": records.rules_seen(row),
        "spent": format_usd(ending["totals"]["spent_micros"] if ending else row.spent_micros),
        "late": format_usd(late) if late else None,
        "with_late": format_usd((ending["totals"]["spent_micros"] if ending else 0) + late),
        "presumed": [f"{amount(item['unit'], item['amount'])} in {item['budget']}" for item in presumed],
        "family": list(records.family(row)[:FAMILY]),
        "sees_payloads": sees,
        "can_audit": may(request, Permission.AUDIT_LEDGER, project),
        "can_author": may(request, Permission.AUTHOR_POLICIES, project),
        "can_operate": may(request, Permission.OPERATE_EXECUTIONS, project),
        "waits": next((approval for approval in held.values() if approval.state == Approval.State.PENDING), None),
    }


def _row(execution: Execution) -> dict[str, object]:
    return {
        "execution": execution,
        "cause": wording.visible((execution.cause or {}).get("message", "")),
        "spent": format_usd(execution.spent_micros) if execution.spent_micros else None,
    }


def _after(request: HttpRequest) -> int | None:
    given = request.GET.get("after", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 16 else None


def _choice(filters: Mapping[str, str], name: str, value: str, label: str) -> dict[str, object]:
    chosen = filters.get(name) == value
    return {
        "value": value,
        "label": label,
        "current": chosen,
        "href": _address({**filters, name: "" if chosen else value}),
    }


def _address(filters: Mapping[str, str]) -> str:
    return "?" + urlencode({name: value for name, value in filters.items() if value})


def _slugs(model: type[Agent] | type[Workflow], project: Project) -> list[str]:
    return list(model.objects.filter(project=project).order_by("slug").values_list("slug", flat=True)[:200])
