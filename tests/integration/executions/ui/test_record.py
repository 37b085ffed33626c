"""What the page of one execution says."""

import pytest
from django.utils.html import escape

from executions.domain.wanted import ResultWanted, Usage
from executions.services import results
from executions.services.appending import ExecutionClosed
from governance.domain.facts import Estimate
from governance.models import Membership
from governance.services import rights
from tests.factories import make_budget, make_person, make_policy, make_tool

pytestmark = pytest.mark.django_db


def page(client, bench, run, query=""):
    response = client.get(bench.url(f"executions/{run.id}/{query}"))
    assert response.status_code == 200
    return response.text


def test_refusal_names_the_rule_that_fired_and_its_version(bench, alice):
    make_tool(bench.project, "mail")
    policy = make_policy(bench.project)
    run = bench.start()
    run.asks(resource="mail")

    shown = page(alice, bench, run)

    assert "Mail is not sent from here." in shown
    assert "no-mail" in shown
    assert policy.slug in shown
    assert "version 1" in shown


def test_stop_by_budget_shows_the_numbers_seen(bench, alice):
    make_budget(
        bench.project, slug="money", unit="usd", limit=5_000_000, scope_type="project", default_reservation=1_000_000
    )
    run = bench.start()
    run.asks(estimate=Estimate(usd_micros=3_000_000))
    run.asks(estimate=Estimate(usd_micros=3_000_000))

    shown = page(alice, bench, run)

    assert "$0.00 spent, $3.00 reserved, $3.00 asked, limit $5.00" in shown
    assert "Stopped" in shown
    assert "$3.00 presumed spent in money" in shown


def test_agents_words_are_shown_and_never_acted_on(bench, alice):
    run = bench.start(input={"html": '<img src=x onerror="alert(1)">', "turned": "\u202egpj.exe"})
    run.asks(resource="<b hx-get=/boom>")

    shown = page(alice, bench, run)

    assert "<img" not in shown.replace("<svg", "")
    assert "<b hx-get" not in shown
    assert escape("<b hx-get=/boom>") in shown
    assert "\u202e" not in shown
    assert "\\u202egpj.exe" in shown


def test_contents_need_a_right_of_their_own(bench, client):
    run = bench.start(input={"secret": "4711"})
    viewer = make_person("Bob")
    rights.grant_role(project=bench.project, person=viewer, role=Membership.Role.VIEWER, actor=bench.actor)

    client.force_login(viewer)
    assert "4711" not in page(client, bench, run)
    client.force_login(bench.owner)
    assert "4711" in page(client, bench, run)


def test_long_contents_are_cut_and_can_be_seen_whole(bench, alice):
    run = bench.start(input={"text": "a" * 5000, "z": "the end"})

    assert "the end" not in page(alice, bench, run)
    whole = alice.get(bench.url(f"executions/{run.id}/contents/{run.id}/1/input/"))
    assert "the end" in whole.text


def test_late_results_stand_apart_from_the_numbers_at_close(bench, alice):
    run = bench.start()
    first, late = run.asks(estimate=Estimate(usd_micros=1_000_000)), run.asks(estimate=Estimate(usd_micros=1_000_000))
    run.tells(first["seq"], usd_micros=200_000)
    run.closes()
    wanted = ResultWanted(fence=1, status="ok", output=None, usage=Usage(usd_micros=300_000))
    with pytest.raises(ExecutionClosed):
        results.report_result(caller=run.caller, execution_id=run.id, seq=late["seq"], wanted=wanted)

    response = alice.get(bench.url(f"executions/{run.id}/"))

    assert (response.context["spent"], response.context["late"], response.context["with_late"]) == (
        "0.20",
        "0.30",
        "0.50",
    )
    assert "After the end" in response.text
    assert len(response.context["lines"]) == run.row.seq


def test_rules_in_force_are_named_with_their_first_entry(bench, alice):
    run = bench.start()
    make_tool(bench.project, "mail")
    make_policy(bench.project)
    run.asks(resource="search")

    seen = alice.get(bench.url(f"executions/{run.id}/")).context["rules"]

    assert [rules.first for rules in seen] == [1, 2]
    assert seen[0].number < seen[1].number


def test_long_records_are_read_in_stretches_without_a_gap(bench, alice):
    run = bench.start()
    for number in range(60):
        run.asks(resource=f"tool-{number}")

    newest = alice.get(bench.url(f"executions/{run.id}/")).context
    oldest = alice.get(bench.url(f"executions/{run.id}/?after={newest['before']}")).context

    shown = [line.entry.seq for line in oldest["lines"]] + [line.entry.seq for line in newest["lines"]]
    assert sorted(set(shown)) == list(range(1, 62))
    assert newest["lines"][-1].entry.seq == 61


def test_cancelling_ends_it_with_the_reason_in_the_record(bench, alice):
    run = bench.start()

    response = alice.post(bench.url(f"executions/{run.id}/cancel/"), {"reason": "Not needed."})

    assert response.status_code == 303
    assert run.row.state == "cancelled"
    assert "Not needed." in page(alice, bench, run)


def test_cancelling_needs_a_reason(bench, alice):
    run = bench.start()

    response = alice.post(bench.url(f"executions/{run.id}/cancel/"), {}, headers={"HX-Request": "true"})

    assert response.status_code == 422
    assert b"<html" not in response.content
    assert run.row.state == "running"
