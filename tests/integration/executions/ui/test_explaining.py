"""What rules did, who no rule names, and what nobody sees: pages over what really happened."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from executions.queries import blindness, coverage, tallies
from executions.ui.bars import bars_of
from governance.domain.kinds import Kind
from governance.models import Membership
from governance.queries import states
from governance.services import policies, rights
from tests.factories import make_agent, make_key, make_person, make_policy, make_tool
from tests.factories.executions import start

pytestmark = pytest.mark.django_db

DENY = """@id("no-mail") @message("Mail is not sent from here.") @effect("deny")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");"""
RULES = f"""{DENY}
@id("late") @message("It is too late.") @effect("deny")
forbid (principal, action in Action::"tool.call", resource) when {{ context.hour > 23 }};
@id("noted") @message("Every model call is noted.") @effect("flag")
forbid (principal, action == Action::"model.call", resource);
@id("unused") @message("Not to the archive.") @effect("deny")
forbid (principal, action in Action::"tool.call", resource == Tool::"archive");
@id("fine") permit (principal, action in Action::"tool.call", resource);"""
SINCE = timedelta(days=7)


def since():
    return timezone.now() - SINCE


@pytest.fixture
def busy(bench):
    """Three letters refused, one search done, two model calls noted, and the search never told of."""
    for name in ("mail", "search", "archive"):
        make_tool(bench.project, name)
    make_policy(bench.project, RULES, slug="mailing")
    run = bench.start()
    for _ in range(3):
        assert run.asks(resource="mail")["verdict"] == "deny"
    assert run.asks(resource="search")["verdict"] == "allow"
    for _ in range(2):
        told = run.asks(Kind.MODEL_CALL, "gpt-4o")
        run.tells(told["seq"])
    return run


def test_a_page_tells_how_often_when_and_for_whom_each_rule_fired(bench, alice, busy):
    page = alice.get(bench.url("policies/mailing/effect/")).text

    tally = tallies.tally(bench.project.pk, since=since())
    assert {rule: (fired.times, dict(fired.agents)) for rule, fired in tally.rules.items()} == {
        ("mailing", "no-mail"): (3, {"scout": 3}),
        ("mailing", "noted"): (2, {"scout": 2}),
    }
    assert tally.rules["mailing", "no-mail"].last == (busy.id, 4)
    assert "<b>3 times</b>" in page
    assert "of 4 decisions that it could speak of" in page
    assert f'href="/p/{bench.project.slug}/executions/{busy.id}/"' in page
    assert page.count('class="columns"') == 2
    assert "always from 0 to 23" in page
    assert "it fires at every action of its kind" in page
    assert "has not fired in this period, at 4 decisions" in page
    assert "baseline/" in page  # The permit changes nothing beside it.


def test_what_a_rule_did_under_another_version_is_not_held_against_this_one(bench, alice, busy):
    policy = bench.project.policies.get(slug="mailing")
    policies.save_draft(policy=policy, actor=bench.actor, text=RULES.replace("archive", "search"))
    policies.publish(policy=policy, actor=bench.actor)

    page = alice.get(bench.url("policies/mailing/effect/?period=month")).text

    assert "nothing was asked for that it speaks of, since this version is in force" in page
    assert "<b>3 times</b>" in page


def test_a_rule_that_fires_at_all_it_could_speak_of_is_told(bench, alice):
    make_tool(bench.project, "mail")
    make_policy(
        bench.project,
        DENY.replace('resource == Tool::"mail");', "resource) when { context.hour < 24 };"),
        slug="strict",
    )
    run = bench.start()
    for _ in range(20):
        run.asks(resource="mail")

    assert "fired at every decision that it could speak of" in alice.get(bench.url("policies/strict/effect/")).text


def test_a_rule_on_trial_and_a_draft_are_told_as_what_they_are(bench, alice):
    make_tool(bench.project, "mail")
    make_policy(bench.project, DENY, slug="tried", mode="shadow")
    make_policy(bench.project, DENY, slug="draft", publish=False)
    run = bench.start()
    assert run.asks(resource="mail")["verdict"] == "allow"

    assert "it would have acted" in alice.get(bench.url("policies/tried/effect/")).text
    assert "This policy is not in force" in alice.get(bench.url("policies/draft/effect/")).text


def test_what_bound_before_the_newest_decisions_is_still_found(bench, busy):
    few = tallies.tally(bench.project.pk, since=since(), most=2)

    assert (few.decisions, few.more, dict(few.rules).keys()) == (2, True, {("mailing", "noted")})
    found = tallies.cited(bench.project.pk, [("mailing", "no-mail"), ("mailing", "unused")])
    assert found.keys() == {("mailing", "no-mail")}
    assert found["mailing", "no-mail"].last
    assert tallies.cited(uuid4(), [("mailing", "no-mail")]) == {}


def test_coverage_lists_those_whom_no_rule_names(bench, alice, busy):
    covered = coverage.cover(
        bench.project.pk, states.in_force(bench.project.pk), tallies.tally(bench.project.pk, since=since())
    )

    names = {kind: [one.name for one in found] for kind, found in covered.uncovered.items()}
    assert names == {"Agent": ["scout"], "Workflow": ["errand"], "Tool": ["search"], "Model": ["gpt-4o"]}
    assert (covered.named["Tool"], covered.all["Tool"]) == (1, 2)
    page = alice.get(bench.url("coverage/")).text
    assert "No rule names these tools" in page
    assert "1 of 2" in page


def test_a_group_a_team_a_tools_own_action_and_a_workflows_name_count_as_naming(bench, busy):
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    make_tool(bench.project, "library", groups=("reading",))
    make_tool(bench.project, "typed", schema=schema)
    start(bench.project, agent=make_agent(bench.project, "second", teams=("crew",)))
    text = "\n".join(
        f'@id("r{number}") @message("m") @effect("flag") forbid ({head}) when {{ {condition} }};'
        for number, (head, condition) in enumerate(
            [
                ('principal in Team::"crew", action, resource', "true"),
                ('principal, action, resource in ToolGroup::"reading"', "true"),
                ('principal, action == Action::"tool.call/typed", resource', "true"),
                ("principal, action, resource", '["errand", "other"].contains(context.execution.workflow)'),
            ]
        )
    )
    make_policy(bench.project, text, slug="naming")
    run = bench.start()
    run.asks(resource="typed", args={})
    run.asks(resource="library")

    covered = coverage.cover(
        bench.project.pk, states.in_force(bench.project.pk), tallies.tally(bench.project.pk, since=since())
    )

    assert [one.name for one in covered.uncovered["Tool"]] == ["search"]
    assert covered.uncovered["Workflow"] == ()
    assert [one.name for one in covered.uncovered["Agent"]] == ["scout"]


def test_blind_spots_are_what_nobody_told_or_vouches_for(bench, alice, busy):
    make_key(bench.project, make_agent(bench.project, "sleeper"))
    toolish = bench.start()
    toolish.tells(toolish.asks(resource="search")["seq"])
    busy.closes()

    seen = blindness.look(bench.project.pk, since=since())

    assert [(one.id, one.unresolved) for one in seen.lost] == [(busy.id, 1)]
    [scout] = seen.agents
    assert (scout.agent, scout.executions, scout.asked, scout.unvouched, scout.unresolved) == ("scout", 2, 2, True, 1)
    assert not scout.without_models
    assert [agent.slug for agent in seen.silent] == ["sleeper"]
    page = alice.get(bench.url("coverage/blindness/")).text
    assert f"executions/{busy.id}/" in page
    assert "sleeper" in page
    assert "Asked first" in page


def test_an_agent_that_calls_tools_and_never_a_model_is_a_gap(bench, alice):
    make_tool(bench.project, "search")
    bench.start().asks(resource="search")

    assert "not one model call" in alice.get(bench.url("coverage/blindness/")).text


def test_an_empty_project_says_so_and_a_stranger_sees_nothing(bench, alice, client):
    for path in ("coverage/", "coverage/blindness/", "policies/baseline/effect/"):
        assert alice.get(bench.url(path)).status_code == 200
    viewer = make_person("Victor")
    rights.grant_role(project=bench.project, person=viewer, role=Membership.Role.VIEWER, actor=bench.actor)
    client.force_login(viewer)
    assert client.get(bench.url("coverage/")).status_code == 200
    client.force_login(make_person("Mallory"))
    for path in ("coverage/", "coverage/blindness/", "policies/baseline/effect/"):
        assert client.get(bench.url(path)).status_code == 404


def test_a_picture_has_a_column_for_each_day_and_says_the_same_in_words():
    drawn = bars_of([("1 Nov", 0), ("2 Nov", 4), ("3 Nov", 1)])

    assert drawn is not None
    assert [(column.x, column.height) for column in drawn.columns] == [(1, 0), (11, 40), (21, 10)]
    assert drawn.told == "2 Nov: 4, 3 Nov: 1"
    assert bars_of([("1 Nov", 0)]) is None


def test_a_rule_that_failed_says_what_that_did(bench, alice):
    schema = {"type": "object", "properties": {"to": {"type": "integer"}}, "required": ["to"]}
    schema["additionalProperties"] = False
    make_tool(bench.project, "mail", schema=schema)
    rule = """@id("far") @message("m") @effect("deny") forbid (principal, action == Action::"tool.call/mail", resource)
        when { context.args.to + 9223372036854775807 > 0 };"""
    make_policy(bench.project, rule, slug="failing", mode="shadow")
    assert bench.start().asks(resource="mail", args={"to": 1})["verdict"] == "allow"

    page = alice.get(bench.url("policies/failing/effect/")).text

    assert "could not be evaluated 1 times; in force that would stop" in page
