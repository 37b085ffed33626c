"""What time does to a waiting approval: a reminder at half, and another group where the rule says so; each once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, transaction

from executions.queries import approvals as queries
from executions.services import approval_steps, approvals
from executions.services.approvals import NotAnApprover
from executions.services.callers import Caller
from governance.domain.actors import Actor
from governance.models import Approval, ApprovalStep, ApprovalVote, Membership, Person, Project
from governance.services import groups, rights
from tests.factories import make_person, make_policy, make_tool
from tests.factories.executions import Run, at_once, start

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor(system="test")
HOLD = """@id("ask-first") @message("A person must agree.") @effect("hold") @approvers("release") @timeout("2h")
@escalate("legal after 30m") {more}
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");"""

type Passing = Callable[[float], None]


@pytest.fixture
def bob(project: Project) -> Person:
    return approver(project, "Bob", group="release")


@pytest.fixture
def carol(project: Project) -> Person:
    return approver(project, "Carol", group="legal")


@pytest.fixture
def held(project: Project, bob: Person, carol: Person) -> Run:
    make_tool(project, "mail")
    make_policy(project, slug="mails", text=HOLD.format(more='@quorum("2")'))
    run = start(project)
    run.ask("mail", args={"to": "alice"})
    return run


@pytest.fixture
def passing(owner: psycopg.Connection[Any]) -> Passing:
    """Let approvals have waited for so many minutes more."""

    def let_pass(minutes: float) -> None:
        owner.execute(
            "UPDATE waxell.governance_approval"
            "   SET requested_at = requested_at - %(t)s, expires_at = expires_at - %(t)s",
            {"t": timedelta(minutes=minutes)},
        )

    return let_pass


def approver(project: Project, name: str, *, group: str) -> Person:
    person = make_person(name)
    rights.grant_role(project=project, person=person, role=Membership.Role.APPROVER, actor=SYSTEM)
    groups.define(project=project, slug=group, name=group, people=[person], actor=SYSTEM)
    return person


def vote(project: Project, person: Person, decision: str = "grant") -> Approval:
    return approvals.decide_approval(
        approval_id=Approval.objects.get().pk,
        caller=Caller(project_id=project.pk, person_id=person.pk),
        person_id=person.pk,
        decision=decision,
    )


def types(run: Run) -> list[Any]:
    return [(entry["type"], entry.get("group")) for entry in run.entries if entry["type"].startswith("approval.")]


def test_time_reminds_and_asks_another_group_each_once(held: Run, passing: Passing) -> None:
    assert approval_steps.take_due() == 0
    passing(31)
    assert at_once([approval_steps.take_due] * 3).count(1) == 1
    passing(30)
    assert [approval_steps.take_due(), approval_steps.take_due()] == [1, 0]

    assert types(held) == [("approval.escalated", "legal"), ("approval.reminded", None)]
    assert held.state == "suspended"


def test_the_other_group_votes_only_once_it_is_asked(
    held: Run, project: Project, bob: Person, carol: Person, passing: Passing
) -> None:
    with pytest.raises(NotAnApprover):
        vote(project, carol)
    with pytest.raises(IntegrityError, match="not asked"), transaction.atomic():
        ApprovalVote.objects.create(approval=Approval.objects.get(), person=carol, decision="grant")
    assert not queries.awaiting(project.pk, carol).exists()
    passing(31)
    approval_steps.take_due()

    assert queries.awaiting(project.pk, carol).exists()
    assert [vote(project, bob).state, vote(project, carol).state] == ["pending", "granted"]


def test_what_is_decided_is_left_alone(held: Run, project: Project, bob: Person, passing: Passing) -> None:
    vote(project, bob, "refuse")
    passing(61)

    assert approval_steps.take_due() == 0
    for refused in (
        lambda: ApprovalStep.objects.create(
            approval=Approval.objects.get(), kind="reminded", taken_at=held.row.started_at
        ),
        lambda: ApprovalVote.objects.create(approval=Approval.objects.get(), person=make_person(), decision="grant"),
    ):
        with pytest.raises(IntegrityError, match="waits"), transaction.atomic():
            refused()


def test_steps_stay(held: Run, passing: Passing) -> None:
    passing(31)
    approval_steps.take_due()

    with pytest.raises(Exception, match=r"permission denied|append.only"), transaction.atomic():
        ApprovalStep.objects.update(group="release")


def test_racing_votes_of_a_quorum_end_in_one_outcome(
    held: Run, project: Project, carol: Person, passing: Passing
) -> None:
    dora = make_person("Dora")
    rights.grant_role(project=project, person=dora, role=Membership.Role.APPROVER, actor=SYSTEM)
    groups.define(project=project, slug="legal", name="legal", people=[carol, dora], actor=SYSTEM)
    passing(31)
    approval_steps.take_due()
    bob = Person.objects.get(name="Bob")

    at_once([lambda p=p, d=d: vote(project, p, d) for p, d in ((bob, "grant"), (carol, "grant"), (dora, "refuse"))])

    decided = [entry for entry in held.entries if entry["type"] == "approval.decided"]
    assert len(decided) == 1
    assert decided[0]["outcome"] == Approval.objects.get().state
    assert Approval.objects.get().state in ("granted", "refused")
