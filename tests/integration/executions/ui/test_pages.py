"""Who may open which page, and what its fragments cost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from governance.models import Membership
from governance.services import kill_orders, rights
from tests.factories import make_person, make_policy, make_project, make_tool

pytestmark = pytest.mark.django_db

HOLD = """
@id("ask-first") @message("A person looks at mail first.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
"""
LISTS = ("", "executions/", "approvals/", "kill-orders/", "ledger/", "activity/")


def give_role(bench, role):
    person = make_person("Bob")
    rights.grant_role(project=bench.project, person=person, role=role, actor=bench.actor)
    return person


@pytest.fixture
def addresses(bench):
    """Every page with something on it, and the rights they ask beyond seeing."""
    make_tool(bench.project, "mail")
    make_policy(bench.project, HOLD)
    run = bench.start(input={"secret": "4711"})
    held = run.asks(resource="mail", args={"to": "bob"})
    order = kill_orders.place(
        project=bench.project, actor=bench.actor, scope_type="tool", scope_value="search", reason="Broken."
    )[0]
    return {
        **{bench.url(rest): None for rest in LISTS},
        bench.url(f"executions/{run.id}/"): None,
        bench.url(f"approvals/{held['approval']['id']}/"): None,
        bench.url(f"kill-orders/{order.pk}/"): None,
        bench.url(f"executions/{run.id}/contents/{run.id}/1/input/"): Membership.Role.APPROVER,
        bench.url(f"executions/{run.id}/cancel/"): Membership.Role.OPERATOR,
        bench.url("executions/start/"): Membership.Role.OPERATOR,
        bench.url("kill-orders/new/"): Membership.Role.OPERATOR,
    }


def test_pages_open_for_the_owner(alice, addresses):
    assert {url: alice.get(url).status_code for url in addresses} == dict.fromkeys(addresses, 200)


def test_pages_do_not_exist_for_strangers(client, addresses):
    stranger = make_person("Mallory")
    make_project(stranger)
    client.force_login(stranger)

    assert {url: client.get(url).status_code for url in addresses} == dict.fromkeys(addresses, 404)


def test_viewer_sees_pages_and_is_refused_what_acts(bench, client, addresses):
    client.force_login(give_role(bench, Membership.Role.VIEWER))

    expected = {url: 403 if role else 200 for url, role in addresses.items()}
    assert {url: client.get(url).status_code for url in addresses} == expected


def test_nobody_gets_in_unsigned(client, addresses):
    for url in addresses:
        response = client.get(url)
        assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("governance:sign_in"))


def test_objects_of_another_project_do_not_exist_in_this_one(bench, alice, addresses):
    other = make_project(bench.owner)
    inner = [url for url in addresses if url.count("/") > 4 and url.count("-") > 4]
    moved = [url.replace(f"/p/{bench.project.slug}/", f"/p/{other.slug}/") for url in inner]

    assert len(moved) >= 4
    assert {url: alice.get(url).status_code for url in moved} == dict.fromkeys(moved, 404)


def test_polling_sends_only_the_fragment_and_nothing_while_nothing_moves(bench, alice):
    run = bench.start()
    for url in (*map(bench.url, LISTS[:3]), bench.url(f"executions/{run.id}/")):
        first = alice.get(url, headers={"HX-Request": "true"})
        again = alice.get(url, headers={"HX-Request": "true", "If-None-Match": first["ETag"]})

        assert b"<html" not in first.content
        assert (again.status_code, again.content) == (304, b"")


def test_polling_tells_of_a_new_entry(bench, alice):
    run = bench.start()
    url = bench.url(f"executions/{run.id}/")
    known = alice.get(url, headers={"HX-Request": "true"})["ETag"]
    run.asks(resource="calendar")

    response = alice.get(url, headers={"HX-Request": "true", "If-None-Match": known})

    assert response.status_code == 200
    assert "tool.call calendar" in response.text


@pytest.mark.parametrize("rest", ["executions/?cursor=zzz", "executions/?state=bogus", "approvals/?cursor=%00"])
def test_addresses_that_no_page_gave_out_are_refused(bench, alice, rest):
    assert alice.get(bench.url(rest)).status_code == 400


def test_lists_cost_the_same_however_long_they_are(bench, alice):
    make_tool(bench.project, "mail")
    make_policy(bench.project, HOLD)

    def costs():
        counted = {}
        for rest in LISTS:
            with CaptureQueriesContext(connection) as queries:
                assert alice.get(bench.url(rest)).status_code == 200
            counted[rest] = len(queries)
        return counted

    work(bench, 1)
    costs()
    short = costs()
    work(bench, 6)

    assert costs() == short
    assert max(short.values()) <= 30


def work(bench, many):
    for number in range(many):
        bench.start(f"errand-{number}").asks(resource="mail", args={"number": number})
        kill_orders.place(
            project=bench.project, actor=bench.actor, scope_type="tool", scope_value=f"tool-{number}", reason="Broken."
        )
