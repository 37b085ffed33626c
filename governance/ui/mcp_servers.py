"""MCP servers behind the gateway: what tools they show, and accepting one whose definition changed."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from governance.access import Permission
from governance.models import McpTool, Project
from governance.queries import mcp_servers as queries
from governance.services import mcp_servers
from governance.services.mcp_servers import DefinitionMoved
from governance.ui.entrance import actor_of, may, within_project
from waxell.lib.errors import NotFound
from waxell.lib.htmx import redirect, render_page


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
