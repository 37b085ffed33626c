"""Who may do what: roles in a project, and rights on single objects."""

from django.db import transaction
from guardian.shortcuts import assign_perm, remove_perm

from governance.access import ON_OBJECT, ROLES, Permission
from governance.domain.actors import Actor
from governance.models import Agent, Budget, Membership, Person, Policy, Project
from governance.services.recording import record
from waxell.lib.errors import Conflict, Invalid

type Grantable = Project | Policy | Budget | Agent


class LastOwner(Conflict):
    """A project keeps at least one owner."""

    code = "last_owner"


class NotGrantable(Invalid):
    """This right cannot be granted on this kind of thing."""

    code = "not_grantable"


def grant_role(*, project: Project, person: Person, role: str, actor: Actor) -> Membership:
    """Give a role; giving it again changes nothing."""
    with transaction.atomic():
        membership, created = Membership.objects.get_or_create(project=project, person=person, role=role)
        if created:
            for permission in ROLES[role]:
                assign_perm(permission.codename, person, project)
            record(project_id=project.pk, actor=actor, type="role.granted", members=_role(person, role))
    return membership


def revoke_role(*, project: Project, person: Person, role: str, actor: Actor) -> None:
    """Take a role away, and the rights that no other role of the person gives. Raises LastOwner."""
    with transaction.atomic():
        # One at a time: two owners who revoke each other must not both succeed.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        held = set(Membership.objects.filter(project=project, person=person).values_list("role", flat=True))
        if role not in held:
            return
        owners = Membership.objects.filter(project=project, role=Membership.Role.OWNER)
        if role == Membership.Role.OWNER and owners.count() == 1:
            raise LastOwner()
        Membership.objects.filter(project=project, person=person, role=role).delete()
        kept = {permission for other in held - {role} for permission in ROLES[other]}
        for permission in ROLES[role] - kept:
            remove_perm(permission.codename, person, project)
        record(project_id=project.pk, actor=actor, type="role.revoked", members=_role(person, role))


def grant(*, obj: Grantable, person: Person, permission: Permission, actor: Actor) -> None:
    """Give one right on one object. Raises NotGrantable."""
    with transaction.atomic():
        assign_perm(_codename(obj, permission), person, obj)
        _record(obj, person, permission, actor, type="right.granted")


def withdraw(*, obj: Grantable, person: Person, permission: Permission, actor: Actor) -> None:
    """Take back one right on one object; those that roles give stay. Raises NotGrantable."""
    codename = _codename(obj, permission)
    with transaction.atomic():
        if isinstance(obj, Project):
            roles = Membership.objects.filter(project=obj, person=person).values_list("role", flat=True)
            if any(permission in ROLES[role] for role in roles):
                return
        remove_perm(codename, person, obj)
        _record(obj, person, permission, actor, type="right.withdrawn")


def _codename(obj: Grantable, permission: Permission) -> str:
    if isinstance(obj, Project):
        # What a role gives is taken back with the role.
        if permission is Permission.OWN_PROJECT:
            raise NotGrantable()
        return permission.codename
    try:
        return ON_OBJECT[(type(obj), permission)]
    except KeyError as error:
        raise NotGrantable() from error


def _record(obj: Grantable, person: Person, permission: Permission, actor: Actor, *, type: str) -> None:
    project_id = obj.pk if isinstance(obj, Project) else obj.project_id
    on = {"type": obj._meta.model_name, "slug": obj.slug}
    members = {"person": str(person.pk), "right": permission.codename, "on": on}
    record(project_id=project_id, actor=actor, type=type, members=members)


def _role(person: Person, role: str) -> dict[str, object]:
    return {"person": str(person.pk), "role": str(role)}
