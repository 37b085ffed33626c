"""Held actions: they wait for a person, whose word works once and for exactly what was asked."""

import pytest
from django.db import IntegrityError, transaction

from executions.services import approvals, watchdog
from executions.services.approvals import ApprovalDecided, NotAnApprover, SelfApproval
from executions.services.callers import Caller
from executions.services.gate import ExecutionSuspended
from governance.domain.actors import Actor
from governance.models import Approval, ApprovalVote, Membership, Person, Project
from governance.services import groups, policies, projects, rights
from tests.factories import make_person, make_policy, make_tool
from tests.factories.executions import Run, at_once, start
from tests.factories.governance import owner_of
from waxell.lib.db.calls import call_one

SYSTEM = Actor(system="test")
HOLD = """@id("ask-first") @message("A person must agree.") @effect("hold") {more}
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");"""
HOLD_START = """@id("ask-first") @message("A person must agree.") @effect("hold")
forbid (principal, action == Action::"execution.start", resource);"""


@pytest.fixture
def bob(project: Project) -> Person:
    person = make_person("Bob")
    rights.grant_role(project=project, person=person, role=Membership.Role.APPROVER, actor=SYSTEM)
    return person


@pytest.fixture
def held(project: Project, bob: Person) -> Run:
    """An execution whose first mail waits for a person."""
    _publish_hold(project)
    run = start(project)
    run.ask("mail", args={"to": "alice"})
    return run


def _publish_hold(project: Project, more: str = "") -> None:
    make_tool(project, "mail")
    make_policy(project, slug="mails", text=HOLD.format(more=more))


def _decide(run: Run, person: Person, decision: str = "grant") -> Approval:
    approval = Approval.objects.get(execution_id=run.id, state="pending")
    caller = Caller(project_id=approval.project_id, person_id=person.pk)
    return approvals.decide_approval(
        approval_id=approval.pk, caller=caller, person_id=person.pk, decision=decision, comment="seen"
    )


def test_a_held_action_suspends_the_execution_and_reserves_nothing(held: Run) -> None:
    approval = Approval.objects.get(execution_id=held.id)

    assert held.state == "suspended"
    assert (approval.state, approval.holds) == ("pending", [{"policy": "mails", "version": 1, "rule": "ask-first"}])
    assert held.entries[-1]["reserved"] == []


def test_a_grant_lets_the_same_call_through_once(held: Run, bob: Person) -> None:
    assert _decide(held, bob).state == "granted"

    granted = held.ask("mail", args={"to": "alice"})
    again = held.ask("mail", args={"to": "alice"})

    assert (granted.body["verdict"], again.body["verdict"]) == ("allow", "hold")
    used = Approval.objects.get(state="used")
    assert (used.used_by_execution, held.entries[-2]["decision"]["grants"][0]["approval"]) == (held.id, str(used.pk))


def test_a_grant_is_bound_to_its_arguments(held: Run, bob: Person) -> None:
    _decide(held, bob)

    assert held.ask("mail", args={"to": "everybody"}).body["verdict"] == "hold"


def test_a_grant_does_not_outlive_the_version_it_was_given_under(held: Run, project: Project, bob: Person) -> None:
    _decide(held, bob)
    policy = project.policies.get(slug="mails")
    policies.save_draft(policy=policy, actor=SYSTEM, text=HOLD.format(more="").replace("must", "has to"))
    policies.publish(policy=policy, actor=SYSTEM)

    assert held.ask("mail", args={"to": "alice"}).body["verdict"] == "hold"


def test_a_grant_does_not_lift_what_another_rule_refuses(held: Run, project: Project, bob: Person) -> None:
    _decide(held, bob)
    make_policy(project)

    assert held.ask("mail", args={"to": "alice"}).body["verdict"] == "deny"
    assert Approval.objects.get().state == "granted"


def test_only_one_of_several_at_once_uses_a_grant(held: Run, bob: Person) -> None:
    _decide(held, bob)

    outcomes = at_once([lambda: held.ask("mail", args={"to": "alice"})] * 6)

    verdicts = [getattr(outcome, "body", {}).get("verdict") for outcome in outcomes]
    assert verdicts.count("allow") == 1
    assert all(verdict or isinstance(o, ExecutionSuspended) for verdict, o in zip(verdicts, outcomes, strict=True))


def test_a_refusal_is_a_denial_and_the_execution_goes_on(held: Run, bob: Person) -> None:
    _decide(held, bob, "refuse")

    decided = held.entries[-1]
    assert (held.state, decided["outcome"], decided["decision"]["verdict"]) == ("running", "refused", "deny")
    assert held.row.refusals == 1
    assert held.ask("search").body["verdict"] == "allow"


def test_a_refusal_stops_the_execution_where_the_rule_says_so(project: Project, bob: Person) -> None:
    _publish_hold(project, '@on_refusal("halt")')
    run = start(project)
    run.ask("mail")

    _decide(run, bob, "refuse")

    assert (run.state, run.entries[-1]["cause"]["code"]) == ("halted", "approval_refused")


def test_an_approval_that_nobody_decides_expires(project: Project, bob: Person) -> None:
    _publish_hold(project, '@timeout("1s")')
    run = start(project)
    run.ask("mail")
    approval = Approval.objects.get()

    call_one("SELECT pg_sleep(1.05)")
    assert watchdog.expire_approvals() == 1

    assert (run.state, Approval.objects.get().state) == ("running", "expired")
    assert run.entries[-1]["decision"]["reasons"][0]["code"] == "approval_expired"
    with pytest.raises(ApprovalDecided):
        approvals.decide_approval(approval_id=approval.pk, caller=run.caller, person_id=bob.pk, decision="grant")


def test_an_approval_is_decided_once(held: Run, bob: Person, project: Project) -> None:
    carol = make_person("Carol")
    approval = Approval.objects.get()

    def decide(person: Person, decision: str) -> Approval:
        caller = Caller(project_id=project.pk, person_id=person.pk)
        return approvals.decide_approval(approval_id=approval.pk, caller=caller, person_id=person.pk, decision=decision)

    outcomes = at_once([lambda: decide(bob, "grant"), lambda: decide(carol, "refuse")])

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Approval", "ApprovalDecided"]
    assert len([entry for entry in held.entries if entry["type"] == "approval.decided"]) == 1


def test_a_held_start_waits_and_then_runs(project: Project, bob: Person) -> None:
    make_policy(project, text=HOLD_START)
    run = start(project)
    assert (run.state, run.answer.body["approval"]["state"]) == ("suspended", "pending")

    _decide(run, bob)

    assert run.state == "running"
    assert Approval.objects.get().state == "used"
    assert run.ask().body["verdict"] == "allow"


def test_a_refused_start_is_denied(project: Project, bob: Person) -> None:
    make_policy(project, text=HOLD_START)
    run = start(project)

    _decide(run, bob, "refuse")

    assert (run.state, run.entries[-1]["cause"]["code"]) == ("denied", "approval_refused")


def test_nobody_approves_for_their_own_agent(held: Run, project: Project) -> None:
    with pytest.raises(SelfApproval):
        _decide(held, owner_of(project))
    with pytest.raises(IntegrityError, match="has no vote"), transaction.atomic():
        ApprovalVote.objects.create(approval=Approval.objects.get(), person=owner_of(project), decision="grant")

    assert (held.state, ApprovalVote.objects.count()) == ("suspended", 0)


def test_the_only_person_of_a_project_may_decide(project: Project) -> None:
    _publish_hold(project)
    run = start(project)
    run.ask("mail")

    assert _decide(run, owner_of(project)).state == "granted"


def test_a_rule_may_ask_a_group(project: Project, bob: Person) -> None:
    carol = make_person("Carol")
    groups.define(project=project, slug="release", name="Release", people=[carol], actor=SYSTEM)
    _publish_hold(project, '@approvers("release")')
    run = start(project)
    run.ask("mail")

    with pytest.raises(NotAnApprover):
        _decide(run, bob)
    assert _decide(run, carol).state == "granted"


def test_a_quorum_needs_several_people(project: Project, bob: Person) -> None:
    _publish_hold(project, '@quorum("2")')
    run = start(project)
    run.ask("mail")

    assert _decide(run, bob).state == "pending"
    assert _decide(run, make_person("Carol")).state == "granted"
    assert [entry["type"] for entry in run.entries[-2:]] == ["approval.voted", "approval.decided"]


def test_waiting_approvals_lapse_with_their_execution(held: Run) -> None:
    held.close("failed")

    assert Approval.objects.get().state == "lapsed"


def test_refusals_by_people_count_towards_the_flood(held: Run, project: Project, bob: Person) -> None:
    _decide(held, bob, "refuse")
    projects.change_settings(project=project, actor=SYSTEM, refusal_limit=1)

    assert held.ask("search").body["reasons"][0]["code"] == "too_many_refusals"


def test_a_suspended_execution_keeps_its_lease(held: Run) -> None:
    assert held.heartbeat().body["directive"] == "wait"
    assert watchdog.interrupt_lapsed() == 0


def two_groups(project: Project, action: str) -> tuple[Person, Person]:
    """A policy of which two rules hold `action`, each asking a group of its own."""
    people = (make_person("Carol"), make_person("Dora"))
    rules = []
    for slug, person in zip(("finance", "legal"), people, strict=True):
        groups.define(project=project, slug=slug, name=slug, people=[person], actor=SYSTEM)
        rules.append(
            f'@id("ask-{slug}") @message("A person must agree.") @effect("hold") @approvers("{slug}")'
            f" forbid (principal, {action}, resource);"
        )
    make_policy(project, slug="both", text="\n".join(rules))
    return people


def test_rules_that_ask_different_groups_need_the_grant_of_each(project: Project, bob: Person) -> None:
    make_tool(project, "mail")
    carol, dora = two_groups(project, 'action in Action::"tool.call"')
    run = start(project)

    assert run.ask("mail").body["verdict"] == "hold"
    assert _decide(run, carol).approvers == "finance"
    assert run.ask("mail").body["verdict"] == "hold"
    with pytest.raises(NotAnApprover):
        _decide(run, carol)
    assert _decide(run, dora).approvers == "legal"
    assert run.ask("mail").body["verdict"] == "allow"
    assert set(Approval.objects.values_list("state", flat=True)) == {"used"}


def test_a_start_that_two_groups_are_asked_about_runs_when_both_agreed(project: Project, bob: Person) -> None:
    carol, dora = two_groups(project, 'action == Action::"execution.start"')
    run = start(project)

    _decide(run, carol)
    assert run.state == "suspended"
    _decide(run, dora)

    assert run.state == "running"
    assert set(Approval.objects.values_list("state", flat=True)) == {"used"}
