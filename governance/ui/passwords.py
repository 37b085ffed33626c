"""Changing one's own password."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from governance.ui.entrance import person_of
from waxell.lib.htmx import redirect, render_page


@sensitive_post_parameters()
@login_required
def password_change(request: HttpRequest) -> HttpResponse:
    """Ask for the old password and a new one; other browsers are signed out by the change."""
    form = PasswordChangeForm(person_of(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        update_session_auth_hash(request, form.save())
        messages.success(request, _("Your password is changed. Other browsers are signed out."))
        return redirect(request, "/")
    status = 422 if request.method == "POST" else 200
    return render_page(request, "governance/password_change.html", {"form": form}, partial="form", status=status)
