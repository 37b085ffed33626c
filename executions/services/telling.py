"""What an agent tells afterwards: uses that the gate judges late, and telemetry kept beside the record."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from executions.domain.states import TERMINAL, State
from executions.domain.wanted import ActionWanted, ResultWanted, Usage
from executions.models import Execution
from executions.queries import dispatched
from executions.services import addenda, gate, results, snapshots
from executions.services.appending import Answer, ExecutionClosed, Fenced
from executions.services.callers import Caller, authenticate, require_own
from executions.services.gate import ExecutionPending, ExecutionSuspended
from executions.services.rehearsing import rehearse_action
from governance.domain import prices
from governance.domain.facts import Estimate
from governance.domain.kinds import Kind
from governance.domain.verdicts import Source, Verdict
from waxell.lib import canonical
from waxell.lib.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing that has happened: what it was, how it ended, what it used."""

    kind: Kind
    resource: str
    args: Mapping[str, object] | None = None
    status: str = "ok"
    output: object | None = None
    usage: Usage = field(default_factory=Usage)

    def document(self) -> dict[str, object]:
        """As an addendum keeps it."""
        return {
            "kind": self.kind.value,
            "resource": self.resource,
            "args": dict(self.args) if self.args else None,
            "status": self.status,
            "output": self.output,
            "usage": self.usage.document(),
        }


def own_execution(caller: Caller, execution_id: UUID, kind: str) -> Execution:
    """Return an execution of the caller's. Raises Unauthenticated, InsufficientScope, NotFound."""
    _own(caller, execution_id, kind)
    row = Execution.objects.filter(pk=execution_id).first()
    if row is None:
        raise NotFound()
    return row


def tell(*, caller: Caller, execution_id: UUID, told: Told) -> Answer | None:
    """Put one thing that has happened into the record; None where the record could not take it any more.

    It is the result of an action that was asked for and allowed, where there is one. Else it is judged
    now, marked `observed`, and settled at once: a refusal comes too late for it and stops what follows.
    What a budget can no longer bear is still booked, as overrun, which stops the execution.
    After the end it becomes an addendum. Raises Unauthenticated, InsufficientScope, NotFound.
    """
    row = own_execution(caller, execution_id, "result")
    seq = dispatched.oldest(
        project_id=row.project_id, execution_id=execution_id, kind=told.kind, resource=told.resource
    )
    observer = replace(caller, afterwards=True)
    try:
        if seq is not None:
            return _report(caller, row, seq, told)
        if State(row.state) not in TERMINAL:
            return _judge_and_report(observer, row, told)
    except (ExecutionClosed, Fenced) as closed:
        if "addendum" in closed.members:
            return None
    except (ExecutionPending, ExecutionSuspended):
        pass
    note(caller=caller, execution_id=execution_id, kind=told.kind.value, told=[told.document()])
    return None


def note(*, caller: Caller, execution_id: UUID, kind: str, told: list[Any]) -> None:
    """Keep what decides nothing (spans, scores, plain steps …) in the addenda of an execution.

    Raises Unauthenticated, InsufficientScope, NotFound.
    """
    snapshot = _own(caller, execution_id, kind)
    addenda.add(
        snapshot,
        execution_id,
        caller=caller,
        type="telemetry.told",
        members={"kind": kind, "items": len(told), "vouched": "observed"},
        payloads={"told": canonical.encode(told)},
    )


def _own(caller: Caller, execution_id: UUID, kind: str) -> snapshots.Snapshot:
    snapshot = snapshots.take(project_id=caller.project_id, key_id=caller.key_id, execution_id=execution_id)
    authenticate(caller, snapshot)
    try:
        require_own(caller, snapshot)
    except NotFound:
        addenda.note_foreign(caller, snapshot, execution_id, kind)
        raise
    return snapshot


def _report(caller: Caller, row: Execution, seq: int, told: Told) -> Answer:
    return results.report_result(
        caller=caller,
        execution_id=row.pk,
        seq=seq,
        wanted=ResultWanted(fence=row.fence, status=told.status, output=told.output, usage=told.usage),
    )


def _judge_and_report(observer: Caller, row: Execution, told: Told) -> Answer:
    wanted = ActionWanted(fence=row.fence, kind=told.kind, resource=told.resource, args=told.args, estimate=_used(told))
    foreseen = rehearse_action(caller=observer, execution_id=row.pk, wanted=wanted)
    reasons = foreseen.decision.reasons
    if reasons and all(reason.source is Source.BUDGET for reason in reasons):
        # It is spent already: with nothing reserved, settling books all of it as overrun.
        wanted = replace(wanted, estimate=Estimate(usd_micros=0, tokens=0, seconds=0))
    answer = gate.request_action(caller=observer, execution_id=row.pk, wanted=wanted)
    if answer.body["verdict"] != Verdict.ALLOW:
        return answer
    return _report(observer, row, answer.body["seq"], told)


def _used(told: Told) -> Estimate:
    """What was used, as the estimate of an action that is judged afterwards."""
    usage = told.usage
    cost = None
    if told.kind is Kind.MODEL_CALL and usage.tokens is not None:
        cost = prices.cost_micros(told.resource, tokens_in=usage.tokens_in or 0, tokens_out=usage.tokens_out or 0)
    return Estimate(usd_micros=usage.usd_micros if cost is None else cost, tokens=usage.tokens, seconds=usage.seconds)
