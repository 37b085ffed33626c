"""People of a project and their roles."""

import secrets
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from governance.access import Permission
from governance.models import Membership, Person, Project
from governance.queries import people as queries
from governance.services import people, rights
from governance.ui.entrance import actor_of, may, refuse, sentence, within_project
from governance.ui.forms.people import ROLES, PersonForm, RoleForm
from waxell.lib.errors import DomainError, NotFound
from waxell.lib.htmx import redirect, render_page

PASSWORD_BYTES: Final = 12


@within_project(Permission.VIEW)
@require_safe
def person_list(request: HttpRequest, project: Project) -> HttpResponse:
    context = {
        "people": list(queries.members(project.pk)),
        "groups": list(queries.groups(project.pk)),
        "roles": Membership.Role.choices,
        "described": ROLES,
        "may_own": may(request, Permission.OWN_PROJECT, project),
    }
    return render_page(request, "governance/person_list.html", context)


@never_cache
@within_project(Permission.OWN_PROJECT)
def person_new(request: HttpRequest, project: Project) -> HttpResponse:
    """Give a role to somebody who is here already, or to somebody new with a first password, shown once."""
    form = PersonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            wanted = form.cleaned_data
            known = queries.by_email(wanted["email"])
            password = None if known else secrets.token_urlsafe(PASSWORD_BYTES)
            try:
                with transaction.atomic():
                    person = known or people.create(email=wanted["email"], name=wanted["name"], password=password)
                    rights.grant_role(project=project, person=person, role=wanted["role"], actor=actor_of(request))
            except DomainError as error:
                status = refuse(form, error, "email")
            else:
                if password is None:
                    messages.success(request, _("%(name)s has the role now.") % {"name": person})
                    return redirect(request, _address(project))
                shown = {
                    "added": person,
                    "password": password,
                    "sign_in": request.build_absolute_uri(reverse("governance:sign_in")),
                }
                return render_page(request, "governance/person_added.html", shown, partial="added", status=201)
    return render_page(request, "governance/person_new.html", {"form": form}, partial="form", status=status)


@within_project(Permission.OWN_PROJECT)
@require_POST
def role_grant(request: HttpRequest, project: Project, person_id: UUID) -> HttpResponse:
    form = RoleForm(request.POST)
    person = _find(project, person_id)
    if form.is_valid():
        rights.grant_role(project=project, person=person, role=form.cleaned_data["role"], actor=actor_of(request))
        messages.success(request, _("%(name)s has the role now.") % {"name": person})
    else:
        messages.error(request, _("There is no such role."))
    return redirect(request, _address(project))


@within_project(Permission.OWN_PROJECT)
@require_POST
def role_revoke(request: HttpRequest, project: Project, person_id: UUID, role: str) -> HttpResponse:
    person = _find(project, person_id)
    if role not in Membership.Role.values:
        raise NotFound()
    try:
        rights.revoke_role(project=project, person=person, role=role, actor=actor_of(request))
    except DomainError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, _("%(name)s no longer has this role.") % {"name": person})
    return redirect(request, _address(project))


def _find(project: Project, person_id: UUID) -> Person:
    person = queries.members(project.pk).filter(pk=person_id).first()
    if person is None:
        raise NotFound()
    return person


def _address(project: Project) -> str:
    return reverse("governance:person_list", args=[project.slug])
