"""Agents: the list with all keys, a new one, one of them, adopting what was discovered."""

from uuid import UUID

from django.contrib import messages
from django.db.models import FETCH_RAISE
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from governance import access
from governance.access import Permission
from governance.models import Agent, Project
from governance.queries import agents as queries
from governance.queries import keys as key_queries
from governance.services import agents
from governance.ui.entrance import actor_of, may, person_of, refuse, within_project
from governance.ui.forms.agents import AgentChangeForm, AgentForm
from waxell.lib.errors import DomainError, NotFound
from waxell.lib.htmx import redirect, render_page


@within_project(Permission.VIEW)
@require_safe
def agent_list(request: HttpRequest, project: Project) -> HttpResponse:
    services = key_queries.listed(project.pk).filter(agent__isnull=True).order_by("-created_at", "id")
    context = {
        "agents": list(queries.listed(project.pk)),
        "keys": list(services.fetch_mode(FETCH_RAISE)),
        "now": timezone.now(),
        "may_manage": may(request, Permission.MANAGE_AGENTS, project),
    }
    return render_page(request, "governance/agent_list.html", context)


@within_project(Permission.MANAGE_AGENTS)
def agent_new(request: HttpRequest, project: Project) -> HttpResponse:
    form = AgentForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = agents.register(project=project, actor=actor_of(request), **form.cleaned_data)
            except DomainError as error:
                status = refuse(form, error, "slug")
            else:
                messages.success(request, _("%(name)s is registered. Now give it a key.") % {"name": made.name})
                return redirect(request, reverse("governance:agent_key_new", args=[project.slug, made.pk]))
    return render_page(request, "governance/agent_new.html", {"form": form}, partial="form", status=status)


@within_project(None)
def agent(request: HttpRequest, project: Project, agent_id: UUID) -> HttpResponse:
    """One agent: its keys, its name and teams."""
    found = find(request, project, agent_id, Permission.VIEW)
    form = AgentChangeForm(
        request.POST or None,
        initial={"name": found.name, "teams": ", ".join(sorted(team.slug for team in found.teams.all()))},
    )
    status = 200
    if request.method == "POST":
        access.require(person_of(request), Permission.MANAGE_AGENTS, found)
        status = 422
        if form.is_valid():
            agents.change(agent=found, actor=actor_of(request), **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect(request, address(project, found))
    keys = key_queries.listed(project.pk).filter(agent=found).order_by("-created_at", "id").fetch_mode(FETCH_RAISE)
    context = {
        "agent": found,
        "keys": list(keys),
        "now": timezone.now(),
        "form": form,
        "may_manage": may(request, Permission.MANAGE_AGENTS, found),
    }
    return render_page(request, "governance/agent.html", context, partial="form", status=status)


@within_project(None)
@require_POST
def agent_adopt(request: HttpRequest, project: Project, agent_id: UUID) -> HttpResponse:
    found = find(request, project, agent_id, Permission.MANAGE_AGENTS)
    agents.adopt(agent=found, actor=actor_of(request))
    messages.success(request, _("%(name)s is adopted.") % {"name": found.name})
    return redirect(request, reverse("governance:agent_list", args=[project.slug]))


def find(request: HttpRequest, project: Project, agent_id: UUID, permission: Permission) -> Agent:
    """Return the agent if the signed-in person has `permission` on it. Raises NotFound, Forbidden."""
    found = Agent.objects.filter(project=project, pk=agent_id).prefetch_related("teams").first()
    if found is None:
        raise NotFound()
    access.require(person_of(request), permission, found)
    return found


def address(project: Project, agent: Agent) -> str:
    return reverse("governance:agent", args=[project.slug, agent.pk])
