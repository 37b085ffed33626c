"""What every page of the console reads: the project it is about, the other ones, and what waits."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models.functions import Now
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from governance import access
from governance.access import Permission
from governance.models import Approval, Person, Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A project as the switcher shows it."""

    name: str
    url: str
    current: bool


def console(request: HttpRequest) -> dict[str, Any]:
    """Add `person`, `project`, `project_choices`, `approvals_waiting` and `may_stop`.

    Each is looked up when a template first reads it, so fragments cost no query. `project` is the
    one the address names and is empty for those who may not see it.
    """
    person = getattr(request, "user", None)
    match = request.resolver_match
    named = match.kwargs.get("slug") if match and request.path.startswith("/p/") else None

    @cache
    def projects() -> list[Project]:
        return list(access.visible(person).order_by("name", "id")) if isinstance(person, Person) else []

    @cache
    def current() -> Project | None:
        return next((project for project in projects() if project.slug == named), None)

    @cache
    def choices() -> list[Choice]:
        return [
            Choice(name=project.name, url=overview_of(project), current=project.slug == named) for project in projects()
        ]

    @cache
    def waiting() -> int:
        project = current()
        if project is None:
            return 0
        pending = Approval.objects.filter(project=project, state=Approval.State.PENDING, expires_at__gt=Now())
        return pending.count()

    @cache
    def may_stop() -> bool:
        project = current()
        if project is None or not isinstance(person, Person):
            return False
        return access.can(person, Permission.OPERATE_EXECUTIONS, project)

    return {
        "person": person if isinstance(person, Person) else None,
        "project": SimpleLazyObject(current),
        "project_choices": choices,
        "approvals_waiting": waiting,
        "may_stop": may_stop,
    }


def overview_of(project: Project) -> str:
    """Return the address of a project's first page."""
    try:
        return reverse("executions:overview", args=[project.slug])
    except NoReverseMatch:
        return reverse("governance:policy_list", args=[project.slug])
