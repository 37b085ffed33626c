"""What approvals, endings and kill orders tell outside: plain words and references, never contents."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from executions.queries.erasable import Choice
from executions.services import approval_steps, approvals, erasing, lifecycle, watchdog
from executions.services.callers import Caller
from governance.domain.actors import Actor
from governance.models import Approval, Membership, Person, Project
from governance.services import groups, kill_orders, rights
from tests.factories import make_agent, make_budget, make_key, make_person, make_policy, make_project, make_tool
from tests.factories.executions import Run, caller_of, start
from tests.factories.governance import owner_of
from tests.outbox import make_destination
from tests.sealing.ground import Ground
from waxell.lib.db.calls import call_one
from waxell.outbox.models import Message
from waxell.outbox.services import dispatching

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "the-content-that-nobody-may-be-told"
HOLD = """@id("ask-first") @message("A person must agree.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");"""
HALT = """@id("never") @message("This is never done.") @effect("halt")
forbid (principal, action in Action::"tool.call", resource == Tool::"rm");"""

type Told = Callable[[str], dict[str, Any]]


@pytest.fixture
def project(settings: Any) -> Project:
    settings.WAXELL_PUBLIC_URL = "https://waxell.example.com"
    made = make_project(slug="north")
    for tool in ("mail", "rm"):
        make_tool(made, tool)
    make_policy(made, HOLD, slug="held")
    make_policy(made, HALT, slug="stopped")
    make_budget(made, slug="money", unit="usd", limit=100_000_000, default_reservation=500_000)
    make_destination(made, "https://hooks.invalid/x")
    return made


@pytest.fixture
def bob(project: Project) -> Person:
    person = make_person("Bob")
    rights.grant_role(
        project=project, person=person, role=Membership.Role.APPROVER, actor=Actor(person=owner_of(project).pk)
    )
    return person


@pytest.fixture
def told(ground: Ground) -> Told:
    """Seals, reads, and returns the body of the one message of a type."""

    def find(kind: str) -> dict[str, Any]:
        ground.seal()
        while dispatching.dispatch_sealed():
            pass
        body: dict[str, Any] = json.loads(bytes(Message.objects.get(type=kind).body))
        return body

    return find


def begin(project: Project) -> Run:
    return start(project, caller=caller_of(make_key(project, make_agent(project, "scout"))), input={"x": SECRET})


def vote(project: Project, person: Person, decision: str) -> None:
    approvals.decide_approval(
        approval_id=Approval.objects.get().pk,
        caller=Caller(project_id=project.pk, person_id=person.pk),
        person_id=person.pk,
        decision=decision,
        comment=SECRET,
    )


def test_an_approval_that_is_asked_for_names_agent_action_rule_cost_and_page(project: Project, told: Told) -> None:
    run = begin(project)
    run.ask("mail", args={"body": SECRET})

    data = told("approval.asked")["data"]

    approval = Approval.objects.get()
    assert data["title"] == "scout waits for a person: tool.call mail"
    assert data["lines"][:2] == ["A person must agree. (held/ask-first)", "Cost: up to $0.50."]
    assert data["lines"][2].startswith("Without an answer it is refused at ")
    assert data["url"] == f"https://waxell.example.com/p/north/approvals/{approval.pk}/"
    assert data["entry"] == {"stream": str(run.id), "seq": approval.action_seq}
    assert data["approval"] == str(approval.pk)
    assert (data["agent"], data["workflow"], data["kind"], data["resource"]) == ("scout", "errand", "tool.call", "mail")
    assert (data["rules"], data["usd"], data["project"]) == (["held/ask-first"], "0.50", "north")


@pytest.mark.parametrize(("decision", "word"), [("grant", "Granted"), ("refuse", "Refused")])
def test_a_persons_answer_is_told_without_the_person(
    project: Project, told: Told, bob: Person, decision: str, word: str
) -> None:
    begin(project).ask("mail", args={"to": "x"})
    vote(project, bob, decision)

    event = told("approval.decided")

    assert event["data"]["title"] == f"{word}: scout, tool.call mail"
    assert "Bob" not in json.dumps(event)
    assert str(bob.pk) not in json.dumps(event)


def test_an_approval_that_nobody_decides_is_told_as_expired(project: Project, told: Told) -> None:
    make_policy(project, HOLD.replace('@effect("hold")', '@effect("hold") @timeout("1s")'), slug="brief")
    begin(project).ask("mail", args={"to": "x"})
    call_one("SELECT pg_sleep(1.05)")
    watchdog.expire_approvals()
    assert told("approval.expired")["data"]["title"] == "Nobody decided in time: scout, tool.call mail"


def test_another_group_that_is_asked_is_told(project: Project, told: Told) -> None:
    by = Actor(person=owner_of(project).pk)
    groups.define(project=project, slug="legal", name="Legal", people=[make_person()], actor=by)
    make_policy(project, HOLD.replace('@effect("hold")', '@effect("hold") @escalate("legal after 1s")'), slug="held-2")
    begin(project).ask("mail", args={"to": SECRET})
    call_one("SELECT pg_sleep(1.05)")
    approval_steps.escalate()

    data = told("approval.escalated")["data"]

    assert data["title"] == "scout still waits for a person: tool.call mail"
    assert (data["lines"][0], data["group"]) == ("The group legal is asked as well now.", "legal")
    assert data["url"].endswith(f"/approvals/{Approval.objects.get().pk}/")
    assert SECRET not in json.dumps(data)


def test_a_stop_names_its_cause_and_its_rule(project: Project, told: Told) -> None:
    run = begin(project)
    run.ask("rm", args={"path": SECRET})

    data = told("execution.halted")["data"]

    assert data["title"] == "errand of scout was stopped"
    assert data["lines"] == ["This is never done. (stopped/never)"]
    assert data["url"] == f"https://waxell.example.com/p/north/executions/{run.id}/"
    assert (data["outcome"], data["rule"], data["execution"]) == ("halted", "stopped/never", str(run.id))


def test_a_failure_is_told(project: Project, told: Told) -> None:
    begin(project).close("failed")
    assert told("execution.failed")["data"]["title"] == "errand of scout failed"


def test_a_lost_lease_is_told(project: Project, told: Told) -> None:
    start(project, lease_seconds=1)
    call_one("SELECT pg_sleep(1.05)")
    watchdog.interrupt_lapsed()
    assert told("execution.interrupted")["data"]["code"] == "lease_lost"


def test_a_refusal_at_the_start_is_told(project: Project, told: Told) -> None:
    by = Actor(person=owner_of(project).pk)
    kill_orders.place(project=project, actor=by, scope_type="workflow", scope_value="errand", reason=SECRET)
    begin(project)
    assert told("execution.denied")["data"]["code"] == "killed"
    order = told("kill_order.placed")["data"]
    assert order["title"] == f"Kill order placed in {project.name}: workflow errand"
    assert order["url"].startswith("https://waxell.example.com/p/north/kill-orders/")


@pytest.mark.parametrize("ending", ["completed", "cancelled"])
def test_what_ends_as_it_should_is_not_told(project: Project, ground: Ground, ending: str) -> None:
    run = begin(project)
    if ending == "completed":
        run.close()
    else:
        person = owner_of(project)
        caller = Caller(project_id=project.pk, person_id=person.pk)
        lifecycle.cancel_execution(caller=caller, execution_id=run.id, reason=SECRET)
    ground.seal()
    while dispatching.dispatch_sealed():
        pass
    assert not Message.objects.filter(type__startswith="execution.").exists()


def test_messages_hold_no_contents_so_erasing_leaves_nothing_behind(
    project: Project, bob: Person, ground: Ground
) -> None:
    """All that people and agents wrote is a secret here; none of it is in the outbox, before or after erasure."""
    by = Actor(person=owner_of(project).pk)
    run = begin(project)
    seq = run.ask("search", args={"query": SECRET}).body["seq"]
    run.report(seq, output=SECRET)
    run.ask("mail", args={"body": SECRET})
    vote(project, bob, "refuse")
    run.ask("rm", args={"path": SECRET})
    (order,) = kill_orders.place(project=project, actor=by, scope_type="tool", scope_value="nuke", reason=SECRET)
    kill_orders.lift(order=order, actor=by, note=SECRET)
    ground.seal()
    while dispatching.dispatch_sealed():
        pass

    def everything() -> str:
        return "\n".join(
            f"{message.title} {message.problem} {bytes(message.body).decode()}" for message in Message.objects.all()
        )

    before = everything()
    assert Message.objects.count() >= 5
    assert SECRET not in before
    erasing.erase(Choice(project_id=project.pk, execution=run.id), actor=by, reason="asked for")
    assert everything() == before
