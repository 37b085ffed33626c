"""Deciding, stopping and starting from the console."""

from uuid import uuid4

import pytest

from executions.models import Execution
from governance.models import Approval, KillOrder, Membership
from governance.services import groups, rights
from tests.factories import make_person, make_policy, make_tool, make_workflow

pytestmark = pytest.mark.django_db

HOLD = """
@id("ask-first") @message("A person looks at mail first.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
"""


@pytest.fixture
def held(bench):
    make_tool(bench.project, "mail")
    make_policy(bench.project, HOLD)
    run = bench.start()
    run.asks(resource="mail", args={"to": "bob@example.org"})
    return run


def approval_of(run):
    return Approval.objects.get(execution_id=run.id)


@pytest.fixture
def approver(bench, client):
    """Somebody who may decide and does not answer for the agent."""
    person = make_person("Charlie")
    rights.grant_role(project=bench.project, person=person, role=Membership.Role.APPROVER, actor=bench.actor)
    client.force_login(person)
    return client


def test_approver_sees_what_is_asked_and_why(bench, approver, held):
    shown = approver.get(bench.url(f"approvals/{approval_of(held).pk}/")).text

    assert "A person looks at mail first." in shown
    assert "bob@example.org" in shown
    assert "Grant" in shown


@pytest.mark.parametrize(("decision", "state"), [("grant", "granted"), ("refuse", "refused")])
def test_decision_lets_the_execution_go_on(bench, approver, held, decision, state):
    url = bench.url(f"approvals/{approval_of(held).pk}/")

    response = approver.post(url, {"decision": decision, "comment": "I asked Bob."})

    assert (response.status_code, response["Location"]) == (303, bench.url("approvals/"))
    assert approval_of(held).state == state
    assert held.row.state == "running"
    assert approver.post(url, {"decision": decision}).status_code == 409


def test_viewer_cannot_decide(bench, client, held):
    person = make_person("Bob")
    rights.grant_role(project=bench.project, person=person, role=Membership.Role.VIEWER, actor=bench.actor)
    client.force_login(person)

    response = client.post(bench.url(f"approvals/{approval_of(held).pk}/"), {"decision": "grant"})

    assert response.status_code == 403
    assert approval_of(held).state == "pending"


def test_who_is_not_in_the_group_is_told_so_in_the_form(bench, approver):
    make_tool(bench.project, "mail")
    groups.define(project=bench.project, slug="legal", name="Legal", people=(), actor=bench.actor)
    make_policy(bench.project, HOLD.replace('@effect("hold")', '@effect("hold") @approvers("legal")'))
    run = bench.start()
    run.asks(resource="mail")

    response = approver.post(
        bench.url(f"approvals/{approval_of(run).pk}/"), {"decision": "grant"}, headers={"HX-Request": "true"}
    )

    assert response.status_code == 403
    assert "you are not in" in response.text
    assert b"<html" not in response.content


def stop(bench, client, **values):
    given = {"scope_type": "agent", "scope_value": "scout", "reason": "It loops.", "confirm": bench.project.slug}
    return client.post(bench.url("kill-orders/new/"), {**given, **values}, headers={"HX-Request": "true"})


def test_kill_order_stops_and_says_what_is_in_flight(bench, alice):
    run = bench.start()
    run.asks()

    response = stop(bench, alice)

    order = KillOrder.objects.get(project=bench.project)
    assert response["HX-Redirect"] == bench.url(f"kill-orders/{order.pk}/")
    assert run.row.state == "halted"
    shown = alice.get(response["HX-Redirect"]).context
    assert (shown["stopped_count"], shown["in_flight"], shown["remaining"]) == (1, 1, 0)


@pytest.mark.parametrize(
    "wrong", [{"confirm": "something"}, {"scope_value": ""}, {"scope_type": "execution", "scope_value": "nonsense"}]
)
def test_kill_order_that_is_not_meant_stops_nothing(bench, alice, wrong):
    run = bench.start()

    response = stop(bench, alice, **wrong)

    assert response.status_code == 422
    assert run.row.state == "running"
    assert not KillOrder.objects.filter(project=bench.project).exists()


def test_lifting_lets_new_work_start_and_leaves_the_stopped(bench, alice):
    run = bench.start()
    stop(bench, alice)
    order = KillOrder.objects.get(project=bench.project)

    alice.post(bench.url(f"kill-orders/{order.pk}/lift/"), {"note": "Mended."})

    assert run.row.state == "halted"
    assert bench.start().row.state == "running"
    order.refresh_from_db()
    assert order.lifted_by == bench.owner


def start(bench, client, **values):
    given = {"workflow": "audit", "agent": "scout", "input": '{"deep": true}', "once": str(uuid4())}
    return client.post(bench.url("executions/start/"), {**given, **values})


def test_start_from_the_console_waits_for_a_worker_and_happens_once(bench, alice):
    make_workflow(bench.project, "audit", kind="worker")
    once = str(uuid4())

    first, second = start(bench, alice, once=once), start(bench, alice, once=once)

    row = Execution.objects.get(project=bench.project)
    assert first["Location"] == second["Location"] == bench.url(f"executions/{row.pk}/")
    assert (row.state, row.agent_slug, row.vouched) == ("pending", "scout", "enforced")


@pytest.mark.parametrize(
    "wrong", [{"input": "{"}, {"input": '{"a": NaN}'}, {"workflow": "errand"}, {"agent": "nobody"}]
)
def test_start_that_makes_no_sense_starts_nothing(bench, alice, wrong):
    make_workflow(bench.project, "audit", kind="worker")

    assert start(bench, alice, **wrong).status_code == 422
    assert not Execution.objects.filter(project=bench.project).exists()
