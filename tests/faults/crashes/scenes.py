"""What the gate is asked in the crash tests: each way into it, ready to be asked, and again if need be."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from executions.domain.states import State
from executions.domain.wanted import CloseWanted, StartWanted
from executions.services import admission, approval_steps, approvals, leases, lifecycle, stopping, watchdog
from executions.services.appending import ExecutionClosed
from executions.services.callers import Caller
from governance.domain.actors import Actor
from governance.domain.facts import Estimate
from governance.domain.requests import Retry, retry_of
from governance.models import ApprovalStep, ApprovalVote, Project
from governance.services import groups, rights
from tests.factories import make_agent, make_budget, make_key, make_person, make_policy, make_tool, make_workflow
from tests.factories.executions import Run, caller_of, make_number, start
from tests.factories.governance import owner_of

RULES = """
@id("no-mail") @message("Mail is not sent from here.") @effect("deny")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
@id("no-wipe") @message("That goes too far.") @effect("halt")
forbid (principal, action in Action::"tool.call", resource == Tool::"wipe");
@id("ask") @message("A person looks.") @effect("hold")
forbid (principal, action in Action::"tool.call", resource == Tool::"fax");
"""
ESTIMATE = Estimate(usd_micros=30)

type Act = Callable[[], Any]


def furnish(project: Project) -> None:
    """Rules and budgets that every scene meets."""
    for tool in ("mail", "wipe", "fax", "search"):
        make_tool(project, tool)
    make_workflow(project, "errand")
    make_workflow(project, "work", kind="worker")
    make_policy(project, RULES)
    make_budget(project, slug="money", unit="usd", limit=1_000_000, default_reservation=10)
    calls = {"unit": "tool_calls", "limit": 5, "scope_type": "execution", "period": "per_execution"}
    make_budget(project, slug="calls", on_exceed="deny", **calls)


def _retry(run: Run) -> Retry | None:
    return retry_of(caller=run.caller.stored_as, path=f"/{make_number()}/", key="once", body={})


def _asking(run: Run, resource: str, **more: Any) -> Act:
    retry = _retry(run)
    return lambda: run.ask(resource, retry=retry, **more)


def admitted(project: Project) -> Act:
    caller = caller_of(make_key(project, make_agent(project, slug=f"agent-{make_number()}")))
    retry = retry_of(caller=caller.stored_as, path="/executions/", key="once", body={})
    wanted = StartWanted(workflow="errand", input={"city": "Bern"}, end_user=f"carol-{make_number()}")
    return lambda: admission.start_execution(caller=caller, wanted=wanted, retry=retry)


def allowed(project: Project) -> Act:
    return _asking(start(project), "search", args={"q": "x"}, estimate=ESTIMATE)


def allowed_again(project: Project) -> Act:
    """By a process that remembers the execution from the last append."""
    run = start(project)
    run.ask("search")
    return _asking(run, "search", args={"q": "x"}, estimate=ESTIMATE)


def discovering(project: Project) -> Act:
    return _asking(start(project), f"tool-{make_number()}")


def denied(project: Project) -> Act:
    return _asking(start(project), "mail")


def short_of_budget(project: Project) -> Act:
    run = start(project)
    for _ in range(5):
        run.ask("search")
    return _asking(run, "search")


def halted(project: Project) -> Act:
    """With an open reservation, and a child that is stopped too."""
    run = start(project)
    run.ask("search")
    start(project, caller=run.caller, parent=run.id)
    return _asking(run, "wipe")


def held(project: Project) -> Act:
    return _asking(start(project), "fax")


def granted(project: Project) -> Act:
    run, vote = _waiting(project)
    vote()
    return _asking(run, "fax")


def voted(project: Project) -> Act:
    _, vote = _waiting(project)

    def act() -> None:
        try:
            vote()
        except approvals.ApprovalDecided:
            # What a person sees who votes again after a page that never came.
            assert ApprovalVote.objects.filter(decision="grant").exists()

    return act


def _by(project: Project) -> Actor:
    return Actor(person=owner_of(project).pk)


def _waiting(project: Project) -> tuple[Run, Act]:
    run = start(project)
    approval = UUID(str(run.ask("fax").body["approval"]["id"]))
    bob = make_person("Bob")
    by = Caller(project_id=project.pk, person_id=bob.pk)
    rights.grant_role(project=project, person=bob, role="approver", actor=_by(project))
    return run, lambda: approvals.decide_approval(
        approval_id=approval, caller=by, person_id=bob.pk, decision="grant", comment="Seen."
    )


def escalated(project: Project) -> Act:
    """While nobody decides."""
    groups.define(project=project, slug="legal", name="Legal", people=[make_person()], actor=_by(project))
    approval = UUID(str(start(project).ask("fax").body["approval"]["id"]))
    return lambda: approval_steps.take_step(approval, ApprovalStep.Kind.ESCALATED, "legal")


def settled(project: Project) -> Act:
    run, seq = _acted(project)
    return lambda: run.report(seq, output={"hits": 3}, usd_micros=20)


def overrun(project: Project) -> Act:
    run, seq = _acted(project)
    return lambda: run.report(seq, usd_micros=50)


def told_late(project: Project) -> Act:
    run, seq = _acted(project)
    run.close()

    def act() -> None:
        with pytest.raises(ExecutionClosed) as told:
            run.report(seq, usd_micros=20)
        assert told.value.members["addendum"]

    return act


def _acted(project: Project) -> tuple[Run, int]:
    run = start(project)
    return run, run.ask("search", estimate=ESTIMATE).body["seq"]


def closed(project: Project) -> Act:
    """With a result, and an action that nobody reported on."""
    run, seq = _acted(project)
    run.report(seq, usd_micros=20)
    run.ask("search")
    retry = _retry(run)
    wanted = CloseWanted(fence=run.fence, outcome="completed", output={"done": True})
    return lambda: lifecycle.close_execution(caller=run.caller, execution_id=run.id, wanted=wanted, retry=retry)


def cancelled(project: Project) -> Act:
    run, _ = _acted(project)
    start(project, caller=run.caller, parent=run.id)
    retry = _retry(run)
    return lambda: lifecycle.cancel_execution(caller=run.caller, execution_id=run.id, reason="Enough.", retry=retry)


def interrupted(project: Project) -> Act:
    """While a person is asked."""
    run, _ = _acted(project)
    run.ask("fax")
    return lambda: stopping.end_execution(
        run.id, project.pk, outcome=State.INTERRUPTED, code="lease_lost", message="Nobody renewed the lease."
    )


def claimed(project: Project) -> Act:
    caller = caller_of(make_key(project, make_agent(project, slug=f"agent-{make_number()}")))
    run = start(project, caller=caller, workflow="work")
    return lambda: leases.claim_execution(execution_id=run.id, worker="test")


def finish(act: Act) -> None:
    """Ask again, and do what the sweeper does for what was begun and left."""
    act()
    watchdog.stop_orphans()


SCENES: dict[str, Callable[[Project], Act]] = {
    scene.__name__: scene
    for scene in (
        admitted, allowed, allowed_again, discovering, denied, short_of_budget, halted, held, granted, voted, escalated,
        settled, overrun, told_late, closed, cancelled, interrupted, claimed,
    )
}  # fmt: skip
