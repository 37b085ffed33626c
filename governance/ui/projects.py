"""Opening a project."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from governance import access
from governance.access import Permission
from governance.models import Person
from governance.services import projects
from governance.ui.context import overview_of
from governance.ui.entrance import person_of, refuse
from governance.ui.forms.projects import ProjectForm
from waxell.lib.errors import DomainError
from waxell.lib.htmx import redirect, render_page


def may_create(person: Person) -> bool:
    """Projects are opened by those who own one already, and by superusers."""
    return person.is_superuser or access.holding(person, Permission.OWN_PROJECT).exists()


@login_required
def project_new(request: HttpRequest) -> HttpResponse:
    if not may_create(person_of(request)):
        raise PermissionDenied
    form = ProjectForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                project = projects.create(owner=person_of(request), **form.cleaned_data)
            except DomainError as error:
                status = refuse(form, error, "slug")
            else:
                messages.success(request, _("%(name)s is open. You own it.") % {"name": project.name})
                return redirect(request, overview_of(project))
    return render_page(request, "governance/project_new.html", {"form": form}, partial="form", status=status)
