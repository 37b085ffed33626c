"""Workflows, tools and models: three lists, registering, adopting, one tool."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import FETCH_RAISE, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from governance import access
from governance.access import Permission
from governance.models import Model, Project, Tool, Workflow
from governance.queries import people
from governance.services import catalogue
from governance.ui.entrance import actor_of, may, person_of, refuse, within_project
from governance.ui.forms.catalogue import (
    ModelForm,
    ToolChangeForm,
    ToolForm,
    WorkflowForm,
    shown_cost,
    shown_schema,
)
from waxell.lib.errors import DomainError, NotFound
from waxell.lib.htmx import redirect, render_page
from waxell.lib.money import format_usd

SHOWN: Final = 500
_KINDS: Final[dict[str, Any]] = {"workflow": Workflow, "tool": Tool, "model": Model}


@within_project(Permission.VIEW)
@require_safe
def workflow_list(request: HttpRequest, project: Project) -> HttpResponse:
    return _list(request, project, "workflow")


@within_project(Permission.VIEW)
@require_safe
def tool_list(request: HttpRequest, project: Project) -> HttpResponse:
    return _list(request, project, "tool")


@within_project(Permission.VIEW)
@require_safe
def model_list(request: HttpRequest, project: Project) -> HttpResponse:
    return _list(request, project, "model")


@within_project(Permission.MANAGE_AGENTS)
def workflow_new(request: HttpRequest, project: Project) -> HttpResponse:
    return _register(request, project, "workflow", WorkflowForm(request.POST or None), catalogue.register_workflow)


@within_project(Permission.MANAGE_AGENTS)
def tool_new(request: HttpRequest, project: Project) -> HttpResponse:
    form = ToolForm(request.POST or None, people=people.members(project.pk))
    return _register(request, project, "tool", form, catalogue.register_tool)


@within_project(Permission.MANAGE_AGENTS)
def model_new(request: HttpRequest, project: Project) -> HttpResponse:
    return _register(request, project, "model", ModelForm(request.POST or None), catalogue.register_model)


@within_project(Permission.MANAGE_AGENTS)
@require_POST
def name_adopt(request: HttpRequest, project: Project, kind: str, name_id: UUID) -> HttpResponse:
    if kind not in _KINDS:
        raise Http404
    found = _KINDS[kind].objects.filter(project=project, pk=name_id).first()
    if found is None:
        raise NotFound()
    catalogue.adopt(name=found, actor=actor_of(request))
    messages.success(request, _("%(name)s is adopted.") % {"name": found.slug})
    return redirect(request, reverse(f"governance:{kind}_list", args=[project.slug]))


@within_project(Permission.VIEW)
def tool(request: HttpRequest, project: Project, tool_id: UUID) -> HttpResponse:
    """One tool; its schema can only become one that the policies in force still fit."""
    found = Tool.objects.select_related("owner").filter(project=project, pk=tool_id).first()
    if found is None:
        raise NotFound()
    may_manage = may(request, Permission.MANAGE_AGENTS, project)
    initial = {
        "description": found.description,
        "groups": ", ".join(found.groups),
        "schema": shown_schema(found.schema),
        "cost_micros": shown_cost(found.cost_micros),
        "risk": found.risk,
        "owner": found.owner,
    }
    members = people.members_and_owner(project.pk, found.owner_id)
    form, status = ToolChangeForm(request.POST or None, initial=initial, people=members), 200
    if request.method == "POST":
        access.require(person_of(request), Permission.MANAGE_AGENTS, project)
        status = 422
        if form.is_valid():
            try:
                catalogue.change_tool(tool=found, actor=actor_of(request), **form.cleaned_data)
            except DomainError as error:
                status = _refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect(request, reverse("governance:tool_list", args=[project.slug]))
    context = {
        "tool": found,
        "form": form,
        "may_manage": may_manage,
        "schema": initial["schema"],
        "fingerprint": catalogue.fingerprint(found),
    }
    return render_page(request, "governance/tool.html", context, partial="form", status=status)


def _list(request: HttpRequest, project: Project, kind: str) -> HttpResponse:
    query = request.GET.get("q", "").replace("\x00", "")[:200]
    found = _KINDS[kind].objects.filter(project=project).fetch_mode(FETCH_RAISE)
    if query:
        found = found.filter(Q(slug__icontains=query))
    if kind == "tool":
        found = found.select_related("owner")
    rows = list(found.order_by("-discovered", "slug")[: SHOWN + 1])
    context = {
        "kind": kind,
        "names": [(row, format_usd(row.cost_micros) if getattr(row, "cost_micros", None) else "") for row in rows],
        "more": len(rows) > SHOWN,
        "query": query,
        "may_manage": may(request, Permission.MANAGE_AGENTS, project),
    }
    return render_page(request, f"governance/{kind}_list.html", context)


def _register(
    request: HttpRequest,
    project: Project,
    kind: str,
    form: forms.Form,
    register: Callable[..., object],
) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                register(project=project, actor=actor_of(request), **form.cleaned_data)
            except DomainError as error:
                status = _refuse(form, error)
            else:
                messages.success(request, _("%(name)s is registered.") % {"name": form.cleaned_data["slug"]})
                return redirect(request, reverse(f"governance:{kind}_list", args=[project.slug]))
    context = {"form": form, "kind": kind, "back": reverse(f"governance:{kind}_list", args=[project.slug])}
    return render_page(request, "governance/name_new.html", context, partial="form", status=status)


def _refuse(form: forms.Form, error: DomainError) -> int:
    field = {"name_taken": "slug", "tool_schema_invalid": "schema", "schema_breaks_policies": "schema"}.get(error.code)
    status = refuse(form, error, field)
    for broken in error.members.get("errors", ()):  # type: ignore[attr-defined]
        form.add_error("schema", f"{broken['policy']}: {broken['message']}")
    return status
