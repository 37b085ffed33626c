"""A project with one row, at least, in every table that holds evidence."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import connection

from executions.queries.erasable import Choice
from executions.queries.invariants import check_invariants
from executions.services import approval_steps, approvals, erasing
from executions.services.appending import ExecutionClosed
from executions.services.callers import Caller
from governance.domain.actors import Actor
from governance.domain.cases import example
from governance.domain.manifest import policy_digest
from governance.models import Approval, ApprovalStep, Membership, Person, Project
from governance.services import cases, kill_orders, legal_holds, reviews, rights
from tests.factories import make_budget, make_person, make_policy, make_project, make_tool
from tests.factories.executions import Run, start
from tests.factories.governance import owner_of

HOLD_MAIL = """@id("ask-first") @message("A person must agree.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");"""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`live` runs and has a reservation open, `waiting` waits for a person, `ended` has an addendum."""

    project: Project
    person: Person
    live: Run
    waiting: Run
    ended: Run


@pytest.fixture
def world(db: None) -> Iterator[World]:
    project, bob = make_project(), make_person("Bob")
    by = Actor(person=owner_of(project).pk)
    rights.grant_role(project=project, person=bob, role=Membership.Role.APPROVER, actor=by)
    make_tool(project, "mail")
    make_budget(project, slug="money", unit="usd", limit=1000, default_reservation=100)
    policy = make_policy(project, text=HOLD_MAIL)
    mail = example(kind="tool.call", resource="mail", agent="scout")
    cases.keep(policy=policy, actor=by, name="a mail", given=mail, wanted="hold")
    reviews.comment(policy=policy, actor=by, text="Is that too strict?")
    reviews.approve(policy=policy, actor=by, digest=policy_digest(HOLD_MAIL), mode="enforced")
    live, waiting, ended = (start(project) for _ in range(3))
    for run in (live, ended):
        seq = run.ask("search", args={"q": "x"}).body["seq"]
    ended.close()
    with pytest.raises(ExecutionClosed):
        ended.report(seq, usd_micros=5)
    for run in (live, waiting):
        run.ask("mail", args={"to": "alice"})
    approval = Approval.objects.get(execution_id=live.id)
    approvals.decide_approval(
        approval_id=approval.pk,
        caller=Caller(project_id=project.pk, person_id=bob.pk),
        person_id=bob.pk,
        decision="grant",
    )
    approval_steps.take_step(Approval.objects.get(execution_id=waiting.id).pk, ApprovalStep.Kind.REMINDED, "")
    erasing.erase(Choice(project_id=project.pk, execution=ended.id), actor=by, reason="asked for")
    legal_holds.place(project_id=project.pk, actor=by, scope_type="execution", scope_value=ended.id, reason="a claim")
    kill_orders.place(project=project, actor=by, scope_type="tool", scope_value="rm", reason="never")
    yield World(project=project, person=bob, live=live, waiting=waiting, ended=ended)
    connection.check_constraints()
    assert check_invariants() == []


def fingerprint(table: str) -> str:
    """A digest of all that a table holds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {table} t")  # noqa: S608
        return str(cursor.fetchone()[0])
