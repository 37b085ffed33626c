"""The door of every page: who is signed in, which project, and whether they may."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, cast

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from governance import access
from governance.access import Permission
from governance.domain.actors import Actor
from governance.models import Person, Project
from waxell.lib.errors import DomainError, Forbidden, NotFound

LAST_PROJECT: Final = "last_project"
"""Where the session keeps the project that was visited last."""

type View = Callable[..., HttpResponseBase]


def within_project(permission: Permission | None) -> Callable[[View], View]:
    """Let only those in who have `permission` on the project that the address names.

    The view gets `project` instead of the slug. Strangers get 404, insiders without the right 403.
    With None the view itself asks `access`, about a single policy, budget or agent.
    """

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def entered(request: HttpRequest, slug: str, **named: Any) -> HttpResponseBase:
            project = Project.objects.filter(slug=slug).first()
            if project is None:
                raise Http404
            try:
                if permission is not None:
                    access.require(person_of(request), permission, project)
                if request.session.get(LAST_PROJECT) != slug:
                    request.session[LAST_PROJECT] = slug
                return view(request, project=project, **named)
            except NotFound as error:
                raise Http404 from error
            except Forbidden as error:
                raise PermissionDenied(error.title()) from error
            except DomainError as error:
                # What a form can mend is caught by its view; this came in by the address.
                raise BadRequest(sentence(error)) from error

        return entered

    return decorate


def person_of(request: HttpRequest) -> Person:
    """Return who is signed in; only behind `login_required`."""
    return cast(Person, request.user)


def actor_of(request: HttpRequest) -> Actor:
    """Return how entries name who is signed in."""
    return access.actor_of(person_of(request))


def may(request: HttpRequest, permission: Permission, obj: Any) -> bool:
    """Tell whether the signed-in person has a right, for showing what they can do."""
    return access.can(person_of(request), permission, obj)


def sentence(error: DomainError) -> str:
    """Return what a person reads of an error."""
    return error.detail or error.title()


def refuse(form: forms.Form, error: DomainError, field: str | None = None) -> int:
    """Put a service's refusal on the form; returns the status of the answer."""
    form.add_error(field if field in form.fields else None, sentence(error))
    return error.status
