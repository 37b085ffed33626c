"""Approver groups. Who is in one is part of the rules in force."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from governance.access import Permission
from governance.models import ApproverGroup, Project
from governance.queries import people, registry
from governance.services import groups
from governance.ui.entrance import actor_of, refuse, within_project
from governance.ui.forms.people import GroupChangeForm, GroupForm
from waxell.lib.errors import DomainError, NotFound
from waxell.lib.htmx import redirect, render_page


@within_project(Permission.OWN_PROJECT)
def group_new(request: HttpRequest, project: Project) -> HttpResponse:
    return _define(request, project, GroupForm(request.POST or None, people=people.members(project.pk)), None)


@within_project(Permission.OWN_PROJECT)
def group(request: HttpRequest, project: Project, group: str) -> HttpResponse:
    found = registry.approver_groups(project.pk).filter(slug=group).first()
    if found is None:
        raise NotFound()
    # Somebody in the group who left the project stays to be seen, and can be taken out.
    candidates = people.members_and(project.pk, found)
    initial = {"name": found.name, "people": found.people.all()}
    return _define(request, project, GroupChangeForm(request.POST or None, people=candidates, initial=initial), found)


def _define(request: HttpRequest, project: Project, form: GroupChangeForm, found: ApproverGroup | None) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and not _is_taken(project, form, found):
            wanted = {"slug": found.slug if found else "", **form.cleaned_data}
            try:
                groups.define(project=project, actor=actor_of(request), **wanted)
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("The group is in force."))
                return redirect(request, reverse("governance:person_list", args=[project.slug]))
    context = {"form": form, "group": found}
    return render_page(request, "governance/group.html", context, partial="form", status=status)


def _is_taken(project: Project, form: GroupChangeForm, found: ApproverGroup | None) -> bool:
    """Refuse to make a group that is there: defining it again would change the people in it."""
    slug = form.cleaned_data.get("slug")
    if found is not None or not registry.approver_groups(project.pk).filter(slug=slug).exists():
        return False
    form.add_error("slug", _("There is a group with this name already."))
    return True
