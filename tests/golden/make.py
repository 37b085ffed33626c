"""Makes the golden bundles: `pytest tests/golden/make.py` writes them beside this file.

They are what Waxell wrote on the day they were made, through its real gate and signed with a key that
is no secret. They are made once for each version of format, facts or engine and never again: whatever
the code becomes, it must verify and replay them.
"""

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.utils import timezone

from executions.queries.bundles import write_period
from executions.services import approvals, kill_orders
from executions.services.appending import ExecutionClosed
from executions.services.callers import Caller
from governance.domain.actors import Actor
from governance.domain.facts import Estimate
from governance.domain.kinds import Kind
from governance.models import Approval, Membership, Person, Project
from governance.services import rights
from tests.factories import make_budget, make_person, make_policy, make_project, make_tool, make_workflow
from tests.factories.executions import Run, start
from tests.factories.governance import owner_of
from tests.factories.sealing import MADE_AT, Seal, bundle_of, check, messages
from waxell.ledger.verifier.verify_bundle import Checkpoint

HERE = Path(__file__).parent
SYSTEM = Actor(system="golden")
SCHEMA = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "copies": {"type": "integer"}},
    "required": ["to"],
    "additionalProperties": False,
}
RULES = """
@id("ask-first") @message("A person must agree.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail")
when { context has args && context.args has copies && context.args.copies > 1 };

@id("not-to-mallory") @message("Mallory gets no mail.") @effect("deny")
forbid (principal, action == Action::"tool.call/mail", resource) when { context.args.to == "mallory" };

@id("no-shell") @message("Nothing is run here.") @effect("halt")
forbid (principal, action == Action::"code.execute", resource);

@id("watch-models") @message("A model was called.") @effect("flag")
forbid (principal, action == Action::"model.call", resource);
"""
NO_STARTS = """
@id("closed-today") @message("Nothing begins today.") @effect("deny")
forbid (principal, action == Action::"execution.start", resource == Workflow::"holiday");
"""


def test_make(project: Project, seal: Seal) -> None:
    since = timezone.now()
    bob = make_person("Bob")
    rights.grant_role(project=project, person=bob, role=Membership.Role.APPROVER, actor=SYSTEM)
    make_tool(project, schema=SCHEMA)
    make_policy(project, text=RULES, slug="mails")
    make_workflow(project, "holiday")
    make_policy(project, text=NO_STARTS, slug="starts")
    make_budget(project, slug="calls", limit=1000)
    runs = {
        "completed": completed(project),
        "approved": approved(project, bob, "grant"),
        "refused": approved(project, bob, "refuse"),
        "halted-by-rule": halted_by_rule(project),
        "denied": start(project, workflow="holiday", input="beach"),
        "late": late(project),
        "killed": killed(project),
        "halted-by-budget": halted_by_budget(project),
        "live": live(project),
    }
    first = Checkpoint.parse(seal()).size
    elsewhere = start(make_project(), input="another tenant's words")
    elsewhere.close()
    seal()
    found: dict[str, object] = {}
    for name, run in runs.items():
        keep(name, bundle_of(run.row), found)
    keep("withheld", bundle_of(runs["approved"].row, contents=False), found)
    keep("continued", bundle_of(runs["completed"].row, continues=[first]), found)
    keep("period", period(since, None), found)
    keep("period-of-one-project", period(since, project.pk), found)
    (HERE / "expected.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


def completed(project: Project) -> Run:
    run = start(project, input={"question": "¿cuánto? \U0001f4a9"}, labels={"team": "docs"}, environment="test")
    asked = run.ask("mail", args={"to": "bob"})
    run.ask("mail", args={"to": "mallory"})
    run.ask("mail", args={"to": 7})
    run.report(asked.body["seq"], output={"sent": 1.5}, usd_micros=1200)
    model = run.ask("gpt-4o", kind=Kind.MODEL_CALL, estimate=Estimate(tokens=1000))
    run.report(model.body["seq"], model="gpt-4o", tokens_in=100, tokens_out=20)
    run.ask("search", args={"untyped": [1, None, 0.5]})
    make_budget(project, slug="tokens", unit="tokens", limit=100_000, default_reservation=100)
    run.ask("gpt-4o", kind=Kind.MODEL_CALL)
    run.close()
    return run


def approved(project: Project, person: Person, decision: str) -> Run:
    run = start(project)
    run.ask("mail", args={"to": "bob", "copies": 2})
    waiting = Approval.objects.get(execution_id=run.id, state="pending")
    caller = Caller(project_id=project.pk, person_id=person.pk)
    approvals.decide_approval(
        approval_id=waiting.pk, caller=caller, person_id=person.pk, decision=decision, comment="seen"
    )
    run.ask("mail", args={"to": "bob", "copies": 2} if decision == "grant" else {"to": "carol"})
    run.close()
    return run


def halted_by_rule(project: Project) -> Run:
    run = start(project)
    run.ask("bash", kind=Kind.CODE_EXECUTE, args={"command": "rm -rf /"})
    return run


def halted_by_budget(project: Project) -> Run:
    make_budget(project, slug="few", limit=1, scope_type="execution", period="per_execution")
    run = start(project)
    run.ask("search")
    run.ask("search")
    return run


def late(project: Project) -> Run:
    run = start(project)
    asked = run.ask("search", args={"q": "weather"})
    run.close()
    try:
        run.report(asked.body["seq"], output="rain", seconds=3)
    except ExecutionClosed:
        return run
    raise AssertionError("the result was in time")


def killed(project: Project) -> Run:
    run = start(project)
    run.ask("search")
    kill_orders.place(
        project=project,
        actor=Actor(person=owner_of(project).pk),
        scope_type="execution",
        scope_value=str(run.id),
        reason="It must stop.",
    )
    return run


def live(project: Project) -> Run:
    run = start(project)
    run.ask("search")
    return run


def period(since: datetime, project_id: UUID | None) -> bytes:
    file = io.BytesIO()
    write_period(
        file,
        since=since,
        until=timezone.now() + timedelta(seconds=1),
        project_id=project_id,
        contents=True,
        made_at=MADE_AT,
    )
    return file.getvalue()


def keep(name: str, bundle: bytes, found: dict[str, object]) -> None:
    report = check(bundle, unfinished=name == "live")
    assert messages(report) == []
    (HERE / f"{name}.bundle").write_bytes(bundle)
    found[name] = {key: value for key, value in report.summary.items() if isinstance(value, int)}
