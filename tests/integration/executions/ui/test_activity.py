"""Who changed what: narrowed to an area and a person, page by page, with what is different."""

import re

import pytest

from executions.queries import activity
from governance.domain.actors import Actor
from governance.models import Membership
from governance.services import projects, rights
from tests.factories import make_agent, make_budget, make_person

pytestmark = pytest.mark.django_db


def numbers(page):
    return [int(found) for found in re.findall(r">#(\d+) · ", page)]


def test_activity_is_narrowed_to_an_area(bench, alice):
    make_budget(bench.project)

    shown = alice.get(bench.url("activity/?area=budgets")).text

    assert "Budget in force" in shown
    assert "Agent registered" not in shown
    assert "10 tool calls a day, is in force" in shown


def test_activity_is_narrowed_to_who_did_it(bench, alice):
    bob = make_person("Bob")
    rights.grant_role(project=bench.project, person=bob, role=Membership.Role.OPERATOR, actor=bench.actor)
    make_agent(bench.project, "by-bob", actor=Actor(person=bob.pk))

    shown = alice.get(bench.url(f"activity/?person={bob.pk}")).text

    # He did one thing; that somebody gave him a role is not his doing.
    assert len(numbers(shown)) == 1
    assert "by-bob" in shown


def test_activity_says_what_is_different(bench, alice):
    projects.change_settings(project=bench.project, actor=bench.actor, refusal_limit=7, name="Other")

    shown = alice.get(bench.url("activity/?area=settings")).text

    assert "Refusals that stop an execution: 100 became 7" in shown
    assert re.search(r"Name: Project \d+ became Other", shown)
    assert shown.count("Refusals that stop an execution: 100 became 7") == 1


def test_older_pages_keep_the_filter_and_leave_nothing_out(bench, alice, monkeypatch):
    monkeypatch.setattr(activity, "PAGE", 3)
    for number in range(7):
        make_agent(bench.project, f"agent-{number}")
        make_budget(bench.project)

    seen, address = [], bench.url("activity/?area=agents")
    while address:
        page = alice.get(address).text
        seen += numbers(page)
        older = re.search(r'rel="next" href="(\?[^"]+)"', page)
        address = bench.url("activity/" + older[1].replace("&amp;", "&")) if older else None

    types = dict.fromkeys(seen)
    assert len(types) == len(seen) == 9  # the seven, and the agent and the key of the bench
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(("query", "status"), [("area=bogus", 200), ("person=bogus", 404), ("before=x", 200)])
def test_addresses_that_no_page_gave_out_show_nothing_or_everything(bench, alice, query, status):
    answer = alice.get(bench.url(f"activity/?{query}"))

    assert answer.status_code == status
    assert ("Nothing matches" in answer.text) == (query == "area=bogus")
