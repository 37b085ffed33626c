"""API keys: issuing one, which is shown once, and revoking it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from governance import access
from governance.access import Permission
from governance.models import Agent, ApiKey, Person, Project
from governance.queries import keys as queries
from governance.queries import people
from governance.services import keys
from governance.ui import agents, snippets
from governance.ui.entrance import actor_of, may, person_of, refuse, within_project
from governance.ui.forms.agents import KeyForm
from waxell.lib.errors import DomainError, NotFound
from waxell.lib.htmx import redirect, render_page


@never_cache
@within_project(None)
def agent_key_new(request: HttpRequest, project: Project, agent_id: UUID) -> HttpResponse:
    return _issue(request, project, agents.find(request, project, agent_id, Permission.MANAGE_AGENTS))


@never_cache
@within_project(Permission.MANAGE_AGENTS)
def service_key_new(request: HttpRequest, project: Project) -> HttpResponse:
    return _issue(request, project, None)


@within_project(None)
def key_revoke(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    found = queries.listed(project.pk).filter(pk=key).first()
    if found is None:
        raise NotFound()
    access.require(person_of(request), Permission.MANAGE_AGENTS, found.agent or found)
    if request.method == "POST":
        try:
            keys.revoke(key=found, actor=actor_of(request))
        except DomainError as error:
            messages.warning(request, error.title())
        else:
            messages.success(request, _("The key is revoked. What was not decided yet is refused."))
        return redirect(request, _holder_address(project, found.agent))
    context = {"key": found, "back": _holder_address(project, found.agent)}
    return render_page(request, "governance/key_revoke.html", context)


def _issue(request: HttpRequest, project: Project, agent: Agent | None) -> HttpResponse:
    """Ask what the key is for; the answer to the form shows it, this once."""
    me = person_of(request)
    # A key acts within the rights of the person who answers for it: nobody lends those of another.
    may_choose = may(request, Permission.OWN_PROJECT, project)
    candidates = people.members(project.pk) if may_choose else Person.objects.filter(pk=me.pk)
    form = KeyForm(request.POST or None, people=candidates, for_agent=agent is not None, initial={"accountable": me.pk})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                issued = keys.issue(project=project, actor=actor_of(request), agent=agent, **form.cleaned_data)
            except DomainError as error:
                status = refuse(form, error)
            else:
                return _show(request, project, issued.key, issued.plain)
    context = {"agent": agent, "form": form, "back": _holder_address(project, agent)}
    return render_page(request, "governance/key_new.html", context, partial="form", status=status)


def _show(request: HttpRequest, project: Project, key: ApiKey, plain: str) -> HttpResponse:
    server = request.build_absolute_uri("/").rstrip("/")
    context = {
        "key": key,
        "plain": plain,
        "curl": snippets.curl(server, plain, key.scopes),
        "python": snippets.python(server, plain, key.scopes),
        "back": _holder_address(project, key.agent),
    }
    return render_page(request, "governance/key_issued.html", context, partial="issued", status=201)


def _holder_address(project: Project, agent: Agent | None) -> str:
    if agent is not None:
        return agents.address(project, agent)
    return reverse("governance:agent_list", args=[project.slug])
