"""May this caller do that to this thing? The only place that asks guardian.

Rights are granted on a project or on one policy, budget or agent in it; either is enough. A person
comes with the rights of their own; a key with its scopes, inside the rights of the person who
answers for it. What a caller may not see does not exist for them.
"""

from enum import StrEnum
from typing import Any, Final

from django.db.models import Q, QuerySet
from guardian.core import ObjectPermissionChecker
from guardian.shortcuts import get_objects_for_user

from governance.domain.actors import Actor
from governance.models import Agent, ApiKey, Budget, Membership, Person, Policy, Project
from waxell.lib.errors import Forbidden, NotFound

type Caller = Person | ApiKey


class Permission(StrEnum):
    """What can be granted on a project. The values are Django's names of the permissions."""

    VIEW = "governance.view_project"
    OPERATE_EXECUTIONS = "governance.operate_executions"
    AUTHOR_POLICIES = "governance.author_policies"
    MANAGE_BUDGETS = "governance.manage_budgets"
    DECIDE_APPROVALS = "governance.decide_approvals"
    AUDIT_LEDGER = "governance.audit_ledger"
    MANAGE_AGENTS = "governance.manage_agents"
    VIEW_PAYLOADS = "governance.view_payloads"
    ERASE = "governance.erase_payloads"
    OWN_PROJECT = "governance.own_project"

    @property
    def codename(self) -> str:
        return self.value.partition(".")[2]


_READING: Final = frozenset({Permission.VIEW, Permission.AUDIT_LEDGER, Permission.VIEW_PAYLOADS})

ROLES: Final[dict[str, frozenset[Permission]]] = {
    Membership.Role.VIEWER: frozenset({Permission.VIEW}),
    Membership.Role.OPERATOR: frozenset({Permission.VIEW, Permission.OPERATE_EXECUTIONS, Permission.MANAGE_AGENTS}),
    Membership.Role.AUTHOR: frozenset({Permission.VIEW, Permission.AUTHOR_POLICIES}),
    Membership.Role.BUDGET_OWNER: frozenset({Permission.VIEW, Permission.MANAGE_BUDGETS}),
    # Nobody can answer for a call whose arguments are hidden from them.
    Membership.Role.APPROVER: frozenset({Permission.VIEW, Permission.DECIDE_APPROVALS, Permission.VIEW_PAYLOADS}),
    Membership.Role.AUDITOR: frozenset({Permission.VIEW, Permission.AUDIT_LEDGER}),
    Membership.Role.OWNER: frozenset(Permission),
}
"""What each role may do in its project."""

ON_OBJECT: Final[dict[tuple[type, Permission], str]] = {
    (Policy, Permission.VIEW): "view_policy",
    (Policy, Permission.AUTHOR_POLICIES): "publish_policy",
    (Budget, Permission.VIEW): "view_budget",
    (Budget, Permission.MANAGE_BUDGETS): "revise_budget",
    (Agent, Permission.VIEW): "view_agent",
    (Agent, Permission.MANAGE_AGENTS): "change_agent",
}
"""The permission on a single object that stands for one on its whole project."""


def can(caller: Caller, permission: str, obj: Any) -> bool:
    """Tell whether `caller` has `permission` on `obj`.

    `obj` is a project or anything with a `project_id`; with an `agent_id` it belongs to that agent.
    """
    wanted = Permission(permission)
    if isinstance(caller, ApiKey):
        return _key_can(caller, wanted, obj)
    return _person_can(caller, wanted, obj)


def require(caller: Caller, permission: str, obj: Any) -> None:
    """Raise NotFound where `obj` does not exist for `caller`, Forbidden where only the right is missing."""
    if can(caller, permission, obj):
        return
    if _sees(caller, obj):
        raise Forbidden()
    raise NotFound()


def visible(caller: Caller) -> QuerySet[Project]:
    """Return the projects that exist for `caller`: those where they may see anything at all."""
    if isinstance(caller, ApiKey):
        return Project.objects.filter(pk=caller.project_id)
    if not caller.is_active:
        return Project.objects.none()
    single = Q()
    for model in (Policy, Budget, Agent):
        granted = [name for (kind, _), name in ON_OBJECT.items() if kind is model]
        objects = get_objects_for_user(caller, granted, klass=model, any_perm=True, with_superuser=False)
        single |= Q(pk__in=objects.values("project"))
    return Project.objects.filter(Q(pk__in=holding(caller, Permission.VIEW).values("pk")) | single)


def holding(person: Person, permission: str) -> QuerySet[Project]:
    """Return the projects on which `person` has `permission`."""
    if not person.is_active:
        return Project.objects.none()
    found: QuerySet[Project] = get_objects_for_user(person, Permission(permission).codename, klass=Project)
    return found


def actor_of(caller: Caller) -> Actor:
    """Return how entries name `caller`."""
    if isinstance(caller, ApiKey):
        return Actor(person=caller.accountable_id, key=caller.pk)
    return Actor(person=caller.pk)


def _person_can(person: Person, permission: Permission, obj: Any) -> bool:
    if not person.is_active:
        return False
    checker = ObjectPermissionChecker(person)
    on_object = ON_OBJECT.get((type(obj), permission))
    if on_object and checker.has_perm(on_object, obj):
        return True
    return bool(checker.has_perm(permission.codename, _project_of(obj)))


def _key_can(key: ApiKey, permission: Permission, obj: Any) -> bool:
    if _project_id(obj) != key.project_id:
        return False
    if key.agent_id is not None:
        return permission is Permission.VIEW and _is_own(key, obj) and bool({"execute", "read"} & set(key.scopes))
    scope = "read" if permission in _READING else "govern"
    return scope in key.scopes and _person_can(key.accountable, permission, obj)


def _sees(caller: Caller, obj: Any) -> bool:
    if not isinstance(caller, ApiKey):
        # Whoever may do anything to an object sees it, though not its project.
        granted = [Permission.VIEW, *(right for kind, right in ON_OBJECT if kind is type(obj))]
        return any(_person_can(caller, right, obj) for right in granted)
    if _project_id(obj) != caller.project_id:
        return False
    return _is_own(caller, obj) if caller.agent_id else _sees(caller.accountable, obj)


def _is_own(key: ApiKey, obj: Any) -> bool:
    if isinstance(obj, Project):
        return True
    return key.agent_id == (obj.pk if isinstance(obj, Agent) else getattr(obj, "agent_id", None))


def _project_id(obj: Any) -> Any:
    return obj.pk if isinstance(obj, Project) else obj.project_id


def _project_of(obj: Any) -> Project:
    # guardian asks only for the key of the row, so the project need not be loaded.
    return obj if isinstance(obj, Project) else Project(pk=obj.project_id)
