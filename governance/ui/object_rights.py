"""Who may do what to one policy, budget or agent, why, and giving it to somebody."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from governance import access
from governance.access import Permission
from governance.models import Agent, Budget, Membership, Person, Policy, Project
from governance.queries import people
from governance.services import object_rights
from governance.services.object_rights import Holder, Single
from governance.ui.entrance import actor_of, may, person_of, within_project
from governance.ui.forms.rights import SingleRightForm
from waxell.lib.errors import NotFound
from waxell.lib.htmx import redirect, render_page

RIGHTS: Final = {
    (Policy, Permission.VIEW): gettext_lazy("See it"),
    (Policy, Permission.AUTHOR_POLICIES): gettext_lazy("Change, publish and retire it"),
    (Budget, Permission.VIEW): gettext_lazy("See it"),
    (Budget, Permission.MANAGE_BUDGETS): gettext_lazy("Change and retire it"),
    (Agent, Permission.VIEW): gettext_lazy("See it"),
    (Agent, Permission.MANAGE_AGENTS): gettext_lazy("Change it, issue and revoke its keys"),
}
"""What a right on a thing allows, as one reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One right of one person: what it allows, why they have it, and what takes it back, if it is for this alone."""

    allows: str
    why: str
    codename: str
    single: bool


@within_project(None)
def policy_rights(request: HttpRequest, project: Project, policy: str) -> HttpResponse:
    return _rights(request, project, _find(request, project, Policy, slug=policy))


@within_project(None)
def budget_rights(request: HttpRequest, project: Project, budget: str) -> HttpResponse:
    return _rights(request, project, _find(request, project, Budget, slug=budget))


@within_project(None)
def agent_rights(request: HttpRequest, project: Project, agent_id: UUID) -> HttpResponse:
    return _rights(request, project, _find(request, project, Agent, pk=agent_id))


@within_project(None)
@require_POST
def policy_right_take(request: HttpRequest, project: Project, policy: str, person_id: UUID, right: str) -> HttpResponse:
    return _take(request, project, _find(request, project, Policy, slug=policy), person_id, right)


@within_project(None)
@require_POST
def budget_right_take(request: HttpRequest, project: Project, budget: str, person_id: UUID, right: str) -> HttpResponse:
    return _take(request, project, _find(request, project, Budget, slug=budget), person_id, right)


@within_project(None)
@require_POST
def agent_right_take(
    request: HttpRequest, project: Project, agent_id: UUID, person_id: UUID, right: str
) -> HttpResponse:
    return _take(request, project, _find(request, project, Agent, pk=agent_id), person_id, right)


def _rights(request: HttpRequest, project: Project, obj: Single) -> HttpResponse:
    may_own = may(request, Permission.OWN_PROJECT, obj)
    choices = [(one.codename, RIGHTS[type(obj), one]) for one in object_rights.grantable(obj)]
    form, status = SingleRightForm(request.POST or None, choices=choices, initial={"right": choices[0][0]}), 200
    if request.method == "POST":
        access.require(person_of(request), Permission.OWN_PROJECT, obj)
        status = 422
        person = people.by_email(form.cleaned_data["email"]) if form.is_valid() else None
        if person is not None:
            object_rights.give(obj=obj, person=person, permission=form.cleaned_data["right"], actor=actor_of(request))
            messages.success(request, _("%(name)s has the right now.") % {"name": person})
            return redirect(request, _address(project, obj))
        if form.is_valid():
            form.add_error("email", _("Nobody here has this address. An owner can add them under People & rights."))
    kind = str(obj._meta.model_name)
    context = {
        "thing": obj,
        "kind": kind,
        "back": _address(project, obj, ""),
        "holders": [(holder, _lines(obj, holder)) for holder in object_rights.holders(obj)],
        "take": f"governance:{kind}_right_take",
        "key": _key(obj),
        "form": form,
        "may_own": may_own,
        "known": list(people.members(project.pk)) if may_own else [],
    }
    return render_page(request, "governance/object_rights.html", context, partial="form", status=status)


def _take(request: HttpRequest, project: Project, obj: Single, person_id: UUID, right: str) -> HttpResponse:
    access.require(person_of(request), Permission.OWN_PROJECT, obj)
    person = Person.objects.filter(pk=person_id).first()
    permission = next((one for one in object_rights.grantable(obj) if one.codename == right), None)
    if person is None or permission is None:
        raise NotFound()
    object_rights.take(obj=obj, person=person, permission=permission, actor=actor_of(request))
    messages.success(request, _("%(name)s no longer has this right here.") % {"name": person})
    return redirect(request, _address(project, obj))


def _lines(obj: Single, holder: Holder) -> list[Line]:
    lines = [
        Line(
            allows=str(RIGHTS[type(obj), held.permission]),
            why=", ".join(
                [str(Membership.Role(role).label) for role in held.roles]
                + ([_("given on the whole project")] if held.in_project else [])
                + ([_("given here")] if held.single else [])
            ),
            codename=held.permission.codename,
            single=held.single,
        )
        for held in holder.held
    ]
    if holder.administers:
        lines.append(Line(allows=_("Everything"), why=_("administers the installation"), codename="", single=False))
    return lines


def _find(request: HttpRequest, project: Project, model: Any, **named: object) -> Any:
    """Return the thing if the signed-in person may see it. Raises NotFound."""
    found = model.objects.filter(project=project, **named).first()
    if found is None:
        raise NotFound()
    access.require(person_of(request), Permission.VIEW, found)
    return found


def _key(obj: Single) -> object:
    return obj.pk if isinstance(obj, Agent) else obj.slug


def _address(project: Project, obj: Single, page: str = "_rights") -> str:
    return reverse(f"governance:{obj._meta.model_name}{page}", args=[project.slug, _key(obj)])
