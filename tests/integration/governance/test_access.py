import pytest

from governance import access
from governance.access import ROLES, Permission
from governance.domain.actors import Actor
from governance.models import Membership, Person, Project
from governance.services import rights
from governance.services.rights import LastOwner
from tests.factories import make_agent, make_budget, make_key, make_person, make_policy, make_project, make_tool
from waxell.lib.errors import Forbidden, NotFound

pytestmark = pytest.mark.django_db

SYSTEM = Actor(system="test")


@pytest.fixture
def project() -> Project:
    return make_project()


def member(project: Project, role: str) -> Person:
    person = make_person(role)
    rights.grant_role(project=project, person=person, role=role, actor=SYSTEM)
    return person


@pytest.mark.parametrize("role", Membership.Role.values)
@pytest.mark.parametrize("permission", Permission)
def test_a_role_gives_exactly_its_permissions(project: Project, role: str, permission: Permission) -> None:
    person = member(project, role)

    assert access.can(person, permission, project) is (permission in ROLES[role])
    assert access.can(person, permission, make_agent(project)) is (permission in ROLES[role])


@pytest.mark.parametrize("permission", Permission)
def test_for_a_stranger_nothing_exists(project: Project, permission: Permission) -> None:
    stranger = make_person("Mallory")

    assert not access.can(stranger, permission, project)
    with pytest.raises(NotFound):
        access.require(stranger, permission, project)
    assert not access.visible(stranger).exists()


def test_an_insider_without_the_right_is_told_so(project: Project) -> None:
    with pytest.raises(Forbidden):
        access.require(member(project, "viewer"), Permission.AUTHOR_POLICIES, project)


def test_a_person_who_left_may_nothing(project: Project) -> None:
    person = member(project, "owner")
    Person.objects.filter(pk=person.pk).update(is_active=False)
    person.refresh_from_db()

    assert not access.can(person, Permission.VIEW, project)
    assert not access.visible(person).exists()


def test_a_right_on_one_policy_opens_that_policy_only(project: Project) -> None:
    make_tool(project)
    mine, other = make_policy(project), make_policy(project)
    bob = make_person("Bob")
    rights.grant(obj=mine, person=bob, permission=Permission.AUTHOR_POLICIES, actor=SYSTEM)

    assert access.can(bob, Permission.AUTHOR_POLICIES, mine)
    assert not access.can(bob, Permission.AUTHOR_POLICIES, other)
    assert not access.can(bob, Permission.VIEW, project)
    assert list(access.visible(bob)) == [project]
    with pytest.raises(Forbidden):
        access.require(bob, Permission.VIEW_PAYLOADS, mine)
    with pytest.raises(NotFound):
        access.require(bob, Permission.AUTHOR_POLICIES, other)

    rights.withdraw(obj=mine, person=bob, permission=Permission.AUTHOR_POLICIES, actor=SYSTEM)
    assert not access.visible(bob).exists()


def test_revoking_a_role_keeps_what_another_gives(project: Project) -> None:
    person = member(project, "author")
    rights.grant_role(project=project, person=person, role="viewer", actor=SYSTEM)

    rights.revoke_role(project=project, person=person, role="author", actor=SYSTEM)

    assert access.can(person, Permission.VIEW, project)
    assert not access.can(person, Permission.AUTHOR_POLICIES, project)


def test_the_last_owner_stays(project: Project) -> None:
    owner = project.memberships.get().person

    with pytest.raises(LastOwner):
        rights.revoke_role(project=project, person=owner, role="owner", actor=SYSTEM)

    assert access.can(owner, Permission.OWN_PROJECT, project)


def test_a_service_key_acts_within_its_scopes_and_its_persons_rights(project: Project) -> None:
    author = member(project, "author")
    key = make_key(project, accountable=author, scopes=["read", "govern"]).key
    reader = make_key(project, accountable=author, scopes=["read"]).key

    assert access.can(key, Permission.AUTHOR_POLICIES, project)
    assert not access.can(key, Permission.MANAGE_BUDGETS, make_budget(project).budget)
    assert access.can(reader, Permission.VIEW, project)
    assert not access.can(reader, Permission.AUTHOR_POLICIES, project)
    with pytest.raises(NotFound):
        access.require(key, Permission.VIEW, make_project())


def test_an_agents_key_sees_itself_only(project: Project) -> None:
    scout, other = make_agent(project), make_agent(project, slug="other")
    key = make_key(project, scout).key

    assert access.can(key, Permission.VIEW, scout)
    assert not access.can(key, Permission.MANAGE_AGENTS, scout)
    for obj in (other, make_budget(project).budget):
        with pytest.raises(NotFound):
            access.require(key, Permission.VIEW, obj)
