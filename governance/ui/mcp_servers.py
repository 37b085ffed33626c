"""MCP servers behind the gateway: registering and changing them, and accepting a tool whose definition changed."""

from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from governance.access import Permission
from governance.models import McpServer, McpTool, Project
from governance.queries import mcp_servers as queries
from governance.services import mcp_servers
from governance.services.mcp_servers import DefinitionMoved
from governance.ui.entrance import actor_of, may, refuse, within_project
from governance.ui.forms.mcp_servers import McpServerChangeForm, McpServerForm
from waxell.lib.errors import DomainError, NotFound
from waxell.lib.htmx import redirect, render_page

_FIELDS: Final = {"name_taken": "slug", "mcp_server_invalid": "url"}


@within_project(Permission.VIEW)
@require_safe
def mcp_server_list(request: HttpRequest, project: Project) -> HttpResponse:
    context = {
        "kind": "mcp_server",
        "servers": queries.listed(project.pk),
        "gateway": settings.WAXELL_MCP_URL or "…/mcp",
        "may_manage": may(request, Permission.MANAGE_AGENTS, project),
    }
    return render_page(request, "governance/mcp_server_list.html", context)


@within_project(Permission.MANAGE_AGENTS)
@require_POST
def mcp_tool_accept(request: HttpRequest, project: Project, mcp_tool_id: UUID) -> HttpResponse:
    """Accept the definition that the page has shown, and no later one."""
    found = McpTool.objects.select_related("server").filter(server__project=project, pk=mcp_tool_id).first()
    if found is None:
        raise NotFound()
    try:
        mcp_servers.accept(tool=found, actor=actor_of(request), fingerprint=request.POST.get("fingerprint", ""))
    except DefinitionMoved as error:
        messages.error(request, error.title())
    else:
        messages.success(request, _("%(name)s is accepted as it is now.") % {"name": found.name})
    return redirect(request, reverse("governance:mcp_server_list", args=[project.slug]))


@within_project(Permission.MANAGE_AGENTS)
def mcp_server_new(request: HttpRequest, project: Project) -> HttpResponse:
    """Put the gateway in front of a server."""
    form, status = McpServerForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = mcp_servers.register(project=project, actor=actor_of(request), **form.wanted())
            except DomainError as error:
                status = refuse(form, error, _FIELDS.get(error.code))
            else:
                messages.success(request, _("%(name)s is registered.") % {"name": made.slug})
                return redirect(request, reverse("governance:mcp_server_list", args=[project.slug]))
    context = {"form": form, "server": None}
    return render_page(request, "governance/mcp_server.html", context, partial="form", status=status)


@within_project(Permission.MANAGE_AGENTS)
def mcp_server(request: HttpRequest, project: Project, mcp_server: str) -> HttpResponse:
    """Change where a server is, its secret, and whether clients reach it."""
    found = McpServer.objects.filter(project=project, slug=mcp_server).first()
    if found is None:
        raise NotFound()
    form, status = McpServerChangeForm(request.POST or None, server=found), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                mcp_servers.change(server=found, actor=actor_of(request), **form.wanted())
            except DomainError as error:
                status = refuse(form, error, _FIELDS.get(error.code))
            else:
                messages.success(request, _("Saved."))
                return redirect(request, reverse("governance:mcp_server_list", args=[project.slug]))
    context = {"form": form, "server": found}
    return render_page(request, "governance/mcp_server.html", context, partial="form", status=status)
