"""Rights on one policy, budget or agent, in the console."""

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from governance import access
from governance.access import Permission
from governance.domain.actors import Actor
from governance.models import Person
from governance.services import object_rights, rights
from tests.factories import make_agent, make_budget, make_person, make_policy, make_tool
from waxell.ledger.models import Entry

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
CHANGES = {
    "policy": Permission.AUTHOR_POLICIES,
    "budget": Permission.MANAGE_BUDGETS,
    "agent": Permission.MANAGE_AGENTS,
}


@pytest.fixture(params=CHANGES)
def thing(request, project):
    """One of each kind, with its key in addresses."""
    if request.param == "policy":
        make_tool(project, "mail")
        return make_policy(project)
    return make_budget(project).budget if request.param == "budget" else make_agent(project)


def kind_of(thing):
    return thing._meta.model_name


def at(thing, project, page="rights", *args):
    key = thing.pk if kind_of(thing) == "agent" else thing.slug
    return reverse(f"governance:{kind_of(thing)}_{page}", args=[project.slug, key, *args])


def written(project, type):
    rows = Entry.objects.filter(stream=project.pk, type=type).order_by("seq").values_list("body", flat=True)
    return [orjson.loads(bytes(body))["right"] for body in rows]


def test_a_stranger_gets_a_right_on_one_thing_and_loses_it(owner, project, thing):
    dora = make_person("Dora")
    change = CHANGES[kind_of(thing)]

    assert owner.post(at(thing, project), {"email": dora.email.upper(), "right": change.codename}).status_code == 303

    assert access.can(dora, change, thing)
    assert access.can(dora, Permission.VIEW, thing)
    assert not access.can(dora, Permission.VIEW, project)
    browser = Client()
    browser.force_login(dora)
    assert browser.get(at(thing, project)).status_code == 200
    assert "Take “" not in browser.get(at(thing, project)).text
    assert written(project, "right.granted") == ["view_project", change.codename]

    owner.post(at(thing, project, "right_take", dora.pk, "view_project"))

    assert browser.get(at(thing, project)).status_code == 404
    assert sorted(written(project, "right.withdrawn")) == sorted(["view_project", change.codename])


def test_giving_and_taking_twice_is_recorded_once(owner, project, thing):
    dora = make_person("Dora")
    for _ in range(2):
        owner.post(at(thing, project), {"email": dora.email, "right": "view_project"})
    assert len(written(project, "right.granted")) == 1

    for _ in range(2):
        owner.post(at(thing, project, "right_take", dora.pk, "view_project"))
    assert len(written(project, "right.withdrawn")) == 1


def test_the_page_says_why_somebody_may(owner, project, alice):
    agent = make_agent(project)
    root = Person.objects.create_superuser("root@example.org", name="Root")
    operator = make_person("Oscar")
    rights.grant_role(project=project, person=operator, role="operator", actor=Actor(person=alice.pk))
    object_rights.give(obj=agent, person=operator, permission=Permission.VIEW, actor=Actor(person=alice.pk))

    found = {holder.person: holder for holder in object_rights.holders(agent)}

    assert set(found) == {alice, operator, root}
    assert found[root].administers
    view, change = found[operator].held
    assert (view.roles, view.single) == (("operator",), True)
    assert (change.roles, change.single) == (("operator",), False)
    page = owner.get(at(agent, project)).text
    assert "Operator, given here" in page
    assert "administers the installation" in page


@pytest.mark.parametrize(
    "given", [{"email": "nobody@example.org", "right": "view_project"}, {"email": "x", "right": "view_project"}]
)
def test_somebody_unknown_is_refused_on_the_form(owner, project, thing, given):
    answer = owner.post(at(thing, project), given, headers=HTMX)

    assert answer.status_code == 422
    assert written(project, "right.granted") == []


def test_a_right_of_another_kind_is_not_granted(owner, project, alice):
    agent = make_agent(project)

    answer = owner.post(at(agent, project), {"email": alice.email, "right": "author_policies"})

    assert answer.status_code == 422
    assert owner.post(at(agent, project, "right_take", alice.pk, "own_project")).status_code == 404


def test_only_owners_give_rights(member, project, thing):
    author = member("author")
    dora = make_person("Dora")

    assert author.get(at(thing, project)).status_code == 200
    assert author.post(at(thing, project), {"email": dora.email, "right": "view_project"}).status_code == 403
    assert author.post(at(thing, project, "right_take", dora.pk, "view_project")).status_code == 403


def test_the_page_costs_the_same_however_many_have_rights(owner, project, thing, alice):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            owner.get(at(thing, project))
        return len(queries)

    cost()
    before = cost()
    for number in range(5):
        person = make_person(f"Person{number}")
        rights.grant_role(project=project, person=person, role="viewer", actor=Actor(person=alice.pk))
        object_rights.give(
            obj=thing, person=make_person(f"Guest{number}"), permission=Permission.VIEW, actor=Actor(person=alice.pk)
        )

    assert cost() == before
