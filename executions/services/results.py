"""Results: what came of an allowed action, and what it really used."""

from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from executions.domain import record
from executions.domain.states import TERMINAL, State
from executions.domain.wanted import ResultWanted, Usage
from executions.services import addenda, snapshots, stopping
from executions.services.appending import Answer, Draft, Fenced, append, drive
from executions.services.callers import Caller, authenticate, require_own
from executions.services.closing import add_closing
from executions.services.entrance import closed, stored_answer
from executions.services.snapshots import Snapshot
from governance.domain import budgets, prices
from governance.domain.requests import Retry
from governance.domain.verdicts import Effect, Reason, Source, Verdict
from waxell.ledger.domain.entries import name_digest
from waxell.ledger.models import Entry, Payload
from waxell.lib import canonical
from waxell.lib.db.calls import call
from waxell.lib.errors import Conflict, DomainError, NotFound


class NotDispatched(Conflict):
    """This action was not allowed, so it cannot have a result."""

    code = "not_dispatched"


class AlreadySettled(Conflict):
    """This action has a result already, and it is another one."""

    code = "already_settled"


class _Late(Exception):
    """The result came after the end, or from behind an old fence."""

    def __init__(self, snapshot: Snapshot, error: DomainError) -> None:
        self.snapshot = snapshot
        self.error = error


def report_result(
    *,
    caller: Caller,
    execution_id: UUID,
    seq: int,
    wanted: ResultWanted,
    retry: Retry | None = None,
) -> Answer:
    """Record the result of action `seq`, settle what was reserved for it, release the rest.

    A use above what was reserved is booked as overrun and stops the execution. A result that comes
    too late becomes an addendum and raises Fenced or ExecutionClosed with `addendum` and
    `settled`. Raises NotFound, NotDispatched or AlreadySettled for results nobody waits for.
    """
    report = canonical.encode({"status": wanted.status, "output": wanted.output, "usage": wanted.usage.document()})

    def attempt() -> Answer:
        snapshot = snapshots.take(
            project_id=caller.project_id,
            key_id=caller.key_id,
            execution_id=execution_id,
            path=retry.path if retry else None,
            retry_key=retry.key if retry else None,
        )
        authenticate(caller, snapshot)
        try:
            require_own(caller, snapshot)
        except NotFound:
            addenda.note_foreign(caller, snapshot, execution_id, "result")
            raise
        stored = stored_answer(snapshot, retry)
        if stored is not None:
            return stored
        action = _action(snapshot, execution_id, seq)
        previous = _previous(snapshot, execution_id, seq, report)
        if previous is not None:
            return previous
        if State(snapshot.x_state) in TERMINAL:
            raise _Late(snapshot, closed(snapshot))
        if wanted.fence != snapshot.fence:
            raise _Late(snapshot, Fenced(state=snapshot.x_state))
        return _settle(
            caller,
            snapshot,
            execution_id,
            seq,
            action=action,
            wanted=wanted,
            report=report,
            retry=retry,
        )

    try:
        answer = drive(attempt, lock=lambda: snapshots.row_of(execution_id))
    except _Late as late:
        raise _addendum(late, caller, execution_id, seq=seq, wanted=wanted, report=report) from None
    if answer.body["state"] == State.HALTED and not answer.replayed:
        stopping.stop_descendants(execution_id, caller)
    return answer


def _settle(
    caller: Caller,
    snapshot: Snapshot,
    execution_id: UUID,
    seq: int,
    *,
    action: dict[str, Any],
    wanted: ResultWanted,
    report: bytes,
    retry: Retry | None,
) -> Answer:
    cost = cost_micros(action, wanted.usage)
    held = _held(execution_id, seq, ("open",))
    settled = [_settlement(row, cost, wanted.usage) for row in held]
    overruns = tuple(_overrun(row) for row in settled if row["overrun"])
    verdict = Verdict.HALT if overruns else Verdict.ALLOW
    draft = Draft(execution_id=execution_id, snapshot=snapshot, caller=caller)
    draft.control |= {
        "settle_seq": seq,
        "settle": [{"id": row["id"], "actual": row["spent"]} for row in settled],
        "renew_seconds": snapshot.lease_seconds,
        "count": {
            "unresolved": -1,
            "spent_micros": cost or 0,
            "tokens": wanted.usage.tokens or 0,
        },
    }
    receipt = draft.add(
        "action.resulted",
        {
            "about": seq,
            "status": wanted.status,
            "usage": {
                **wanted.usage.document(),
                "cost_micros": cost,
                "known": "measured" if caller.worker else "claimed",
            },
            "settled": [_recorded(row) for row in settled],
            "decision": {
                "verdict": verdict,
                "reasons": [reason.document() for reason in overruns],
            },
        },
        {"result": report},
    )
    state = State(snapshot.x_state)
    if overruns:
        state = State.HALTED
        add_closing(draft, outcome=state, cause=overruns[0])
    body = {
        "verdict": verdict,
        "reasons": record.answered_reasons(reason.document() for reason in overruns),
        "state": state,
        "settled": [answered_settlement(row) for row in settled],
        "receipt": receipt.document(),
    }
    return append(draft, Answer(status=200, body=body), fence=wanted.fence, retry=retry)


def cost_micros(action: dict[str, Any], usage: Usage) -> int | None:
    """What an action cost: by our prices for a model call that says its tokens, else as claimed."""
    model = usage.model or (action["resource"] if action["kind"] == "model.call" else None)
    if model is not None and usage.tokens is not None:
        priced = prices.cost_micros(model, tokens_in=usage.tokens_in or 0, tokens_out=usage.tokens_out or 0)
        if priced is not None and usage.usd_micros is None:
            return priced
    return usage.usd_micros


def _held(execution_id: UUID, seq: int, states: tuple[str, ...]) -> list[Any]:
    return call(
        "SELECT r.id, r.unit, r.amount, r.budget_version, w.member, b.slug, r.state"
        "  FROM governance_reservation r"
        "  JOIN governance_window w ON w.id = r.window_id"
        "  JOIN governance_budget b ON b.id = w.budget_id"
        " WHERE r.execution_id = %s AND r.action_seq = %s AND r.state = ANY(%s::text[])"
        " ORDER BY r.id",
        (execution_id, seq, list(states)),
    )


def _settlement(row: Any, cost: int | None, usage: Usage) -> dict[str, Any]:
    """How one reservation ends: with the actual use where it is known, else with what was held."""
    actual = {"usd": cost, "tokens": usage.tokens, "seconds": usage.seconds}.get(row.unit, 1)
    end = budgets.settle(row.amount, actual)
    return {
        "id": row.id,
        "budget": row.slug,
        "version": row.budget_version,
        "member": row.member,
        "unit": row.unit,
        "reserved": row.amount,
        "spent": end.spent,
        "overrun": end.overrun,
        "released": end.released,
        "presumed": end.presumed,
    }


def _recorded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


def answered_settlement(row: dict[str, Any]) -> dict[str, Any]:
    """A settlement as REST answers it."""
    amounts = ("reserved", "spent", "overrun", "released")
    answered = {
        name: record.answered_amount(row["unit"], value) if name in amounts else value
        for name, value in _recorded(row).items()
    }
    return {**answered, "member": row["member"] or None}


def _overrun(row: dict[str, Any]) -> Reason:
    return Reason(
        source=Source.BUDGET,
        effect=Effect.HALT,
        code="budget_overrun",
        message=f"More was used of the budget {row['budget']} than had been reserved.",
        budget=row["budget"],
        unit=row["unit"],
        version=row["version"],
        member=row["member"] or None,
        reserved=row["reserved"],
        spent=row["spent"],
        overrun=row["overrun"],
    )


def _action(snapshot: Snapshot, execution_id: UUID, seq: int) -> dict[str, Any]:
    entry = Entry.objects.filter(
        project_id=snapshot.project_id, stream=execution_id, seq=seq, type="action.decided"
    ).first()
    if entry is None:
        raise NotFound("This execution has no action with this number.")
    body = orjson.loads(bytes(entry.body))
    action: dict[str, Any] = body["action"]
    if entry.verdict != Verdict.ALLOW or action["kind"].startswith("execution."):
        raise NotDispatched()
    return action


def _previous(snapshot: Snapshot, execution_id: UUID, seq: int, report: bytes) -> Answer | None:
    """The answer to a result that was reported before in the same words."""
    entry = Entry.objects.filter(
        project_id=snapshot.project_id, stream=execution_id, about=seq, type="action.resulted"
    ).first()
    if entry is None:
        return None
    kept = Payload.objects.filter(
        project_id=snapshot.project_id, stream=execution_id, seq=entry.seq, name="result"
    ).first()
    if kept is None or bytes(kept.content) != report:
        raise AlreadySettled(state=snapshot.x_state)
    body = orjson.loads(bytes(entry.body))
    return Answer(
        status=200,
        body={
            "verdict": body["decision"]["verdict"],
            "reasons": record.answered_reasons(body["decision"]["reasons"]),
            "state": snapshot.x_state,
            "settled": [answered_settlement(row) for row in body["settled"]],
            "receipt": {
                "stream": str(execution_id),
                "seq": entry.seq,
                "digest": name_digest(entry.digest),
            },
        },
        replayed=True,
    )


def _addendum(
    late: _Late,
    caller: Caller,
    execution_id: UUID,
    *,
    seq: int,
    wanted: ResultWanted,
    report: bytes,
) -> DomainError:
    """Keep a late result beside the record and correct what was presumed; returns the 409."""
    snapshot = late.snapshot
    with transaction.atomic():
        # Behind this lock the second of two late results finds the addendum of the first.
        call("SELECT execution_lock_v1(%s::uuid, %s::uuid)", (snapshot.project_id, execution_id))
        earlier = addenda.late_result(execution_id, seq)
        if earlier is not None:
            if earlier.content != report:
                return AlreadySettled(state=snapshot.x_state)
            late.error.members |= {
                "addendum": earlier.receipt,
                "settled": [answered_settlement(row) for row in earlier.settled],
            }
            return late.error
        action = _action(snapshot, execution_id, seq)
        cost = cost_micros(action, wanted.usage)
        held = _held(execution_id, seq, ("open", "presumed"))
        settled = [_settlement(row, cost, wanted.usage) for row in held]
        receipt = addenda.add(
            snapshot,
            execution_id,
            caller=caller,
            type="result.late",
            members={
                "about": seq,
                "status": wanted.status,
                "why": late.error.code,
                "usage": {**wanted.usage.document(), "cost_micros": cost, "known": "claimed"},
                "settled": [_recorded(row) for row in settled],
            },
            payloads={"result": report},
            settle_seq=seq,
            settle=[{"id": row["id"], "actual": row["spent"]} for row in settled],
        )
    late.error.members |= {
        "addendum": receipt.document(),
        "settled": [answered_settlement(row) for row in settled],
    }
    return late.error
