"""Rights on a single policy, budget or agent: who has which, why, and giving them.

Whoever may change a thing may see it: giving the one gives the other, and taking away the sight of
it takes away everything.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import FETCH_RAISE

from governance.access import ON_OBJECT, ROLES, Permission
from governance.domain.actors import Actor
from governance.models import (
    Agent,
    AgentUserPermission,
    Budget,
    BudgetUserPermission,
    Membership,
    Person,
    Policy,
    PolicyUserPermission,
    ProjectUserPermission,
)
from governance.services import rights
from governance.services.rights import NotGrantable

type Single = Policy | Budget | Agent

_ROWS: Final[dict[type, Any]] = {
    Policy: PolicyUserPermission,
    Budget: BudgetUserPermission,
    Agent: AgentUserPermission,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One right on one thing, and where it comes from.

    `roles` in the project give it, `in_project` says that it was given on the whole project without
    a role, `single` that it was given on this thing.
    """

    permission: Permission
    roles: tuple[str, ...] = ()
    in_project: bool = False
    single: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A person with rights on a thing. `administers` the installation: may everything, without being granted it."""

    person: Person
    held: tuple[Held, ...]
    administers: bool


def grantable(obj: Single) -> tuple[Permission, ...]:
    """Return what can be granted on a thing like this, seeing it first."""
    return tuple(permission for kind, permission in ON_OBJECT if kind is type(obj))


def holders(obj: Single) -> tuple[Holder, ...]:
    """Return everybody who has rights on `obj`, by name; in four queries, however many they are."""
    single, in_project = _single(obj), _in_project(obj)
    roles = defaultdict(list)
    for person_id, role in Membership.objects.filter(project=obj.project_id).values_list("person", "role"):
        roles[person_id].append(role)
    found = Person.objects.filter(pk__in=single.keys() | in_project.keys()) | Person.objects.filter(is_superuser=True)
    people = found.filter(is_active=True).fetch_mode(FETCH_RAISE)
    return tuple(
        Holder(
            person=person,
            administers=person.is_superuser,
            held=tuple(
                _held(permission, roles[person.pk], single[person.pk], in_project[person.pk])
                for permission in grantable(obj)
                if permission in single[person.pk] | in_project[person.pk]
            ),
        )
        for person in sorted(people, key=lambda person: (str(person).casefold(), person.email))
    )


def give(*, obj: Single, person: Person, permission: Permission, actor: Actor) -> None:
    """Give a right on `obj`, and the sight of it; what is given already stays as it is. Raises NotGrantable."""
    _check(obj, permission)
    with transaction.atomic():
        _lock(obj)
        had = _single(obj)[person.pk]
        for wanted in dict.fromkeys((Permission.VIEW, permission)):
            if wanted not in had:
                rights.grant(obj=obj, person=person, permission=wanted, actor=actor)


def take(*, obj: Single, person: Person, permission: Permission, actor: Actor) -> None:
    """Take back a right on `obj`; with the sight of it, all of them. What the project gives stays.

    Raises NotGrantable.
    """
    _check(obj, permission)
    with transaction.atomic():
        _lock(obj)
        had = _single(obj)[person.pk]
        doomed = reversed(grantable(obj)) if permission is Permission.VIEW else (permission,)
        for one in doomed:
            if one in had:
                rights.withdraw(obj=obj, person=person, permission=one, actor=actor)


def _check(obj: Single, permission: Permission) -> None:
    if permission not in grantable(obj):
        raise NotGrantable()


def _lock(obj: Single) -> None:
    # One at a time, so that each change is recorded once.
    type(obj).objects.select_for_update(no_key=True).filter(pk=obj.pk).values_list("pk").first()


def _held(permission: Permission, roles: list[str], single: set[Permission], in_project: set[Permission]) -> Held:
    giving = tuple(sorted(role for role in roles if permission in ROLES[role])) if permission in in_project else ()
    return Held(
        permission=permission,
        roles=giving,
        in_project=permission in in_project and not giving,
        single=permission in single,
    )


def _single(obj: Single) -> dict[UUID, set[Permission]]:
    """Return what was given on `obj` alone, by person."""
    named = {codename: permission for (kind, permission), codename in ON_OBJECT.items() if kind is type(obj)}
    return _by_person(_ROWS[type(obj)].objects.filter(content_object=obj.pk), named)


def _in_project(obj: Single) -> dict[UUID, set[Permission]]:
    """Return what people may do to everything like `obj` in its project, by person."""
    named = {permission.codename: permission for permission in grantable(obj)}
    return _by_person(ProjectUserPermission.objects.filter(content_object=obj.project_id), named)


def _by_person(rows: Any, named: dict[str, Permission]) -> dict[UUID, set[Permission]]:
    found: dict[UUID, set[Permission]] = defaultdict(set)
    for person_id, codename in rows.filter(permission__codename__in=named).values_list("user", "permission__codename"):
        found[person_id].add(named[codename])
    return found
