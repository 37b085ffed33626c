"""Signing in and out, and where one goes first."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from governance import access
from governance.services import signing_in
from governance.services.signing_in import TooManyAttempts
from governance.ui.context import overview_of
from governance.ui.entrance import LAST_PROJECT, person_of
from governance.ui.forms.signing_in import SignInForm
from governance.ui.projects import may_create
from waxell.lib.htmx import redirect, render_page


@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for e-mail and password; five failures in five minutes make the next attempt wait."""
    onward = _onward(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect(onward)
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                person = signing_in.sign_in(request, **form.cleaned_data, address=_address(request))
            except TooManyAttempts as error:
                status = _make_wait(form, error)
            else:
                if person is not None:
                    login(request, person)
                    return redirect(request, onward)
                form.add_error(None, _("No one here has this e-mail address and password."))
    context = {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")}
    return render_page(request, "governance/sign_in.html", context, partial="form", status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect(request, resolve_url(settings.LOGOUT_REDIRECT_URL))


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Go to the project visited last, else the first one; without any, say how one comes about."""
    projects = list(access.visible(person_of(request)).order_by("created_at", "id"))
    last = request.session.get(LAST_PROJECT)
    chosen = next((project for project in projects if project.slug == last), projects[0] if projects else None)
    if chosen is not None:
        return HttpResponseRedirect(overview_of(chosen))
    return render_page(request, "governance/home.html", {"may_create": may_create(person_of(request))})


def _onward(request: HttpRequest) -> str:
    """Return where sign-in leads: the page that was asked for, if it is one of ours."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def _address(request: HttpRequest) -> str:
    """Return where the request comes from; behind a proxy, what the proxy says last."""
    behind_proxy = getattr(settings, "SECURE_PROXY_SSL_HEADER", None) is not None
    forwarded = request.headers.get("X-Forwarded-For", "") if behind_proxy else ""
    return (forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", ""))[:45]


def _make_wait(form: SignInForm, error: TooManyAttempts) -> int:
    minutes, seconds = divmod(error.retry_after or 0, 60)
    wait = _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": seconds}
    form.add_error(None, _("%(why)s Try again in %(wait)s.") % {"why": error.title(), "wait": wait})
    return error.status
