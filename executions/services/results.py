"""Results: what came of an allowed action, and what it really used."""

from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from executions.domain import record
from executions.domain.states import TERMINAL, State
from executions.domain.wanted import ResultWanted
from executions.services import addenda, settling, snapshots, stopping
from executions.services.appending import Answer, Draft, Fenced, append, drive
from executions.services.callers import Caller, authenticate, require_own
from executions.services.closing import add_closing
from executions.services.entrance import closed, stored_answer
from executions.services.snapshots import Snapshot
from governance.domain.requests import Retry
from governance.domain.verdicts import Verdict
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
    cost = settling.cost_micros(action, wanted.usage)
    held = settling.held(execution_id, seq, ("open",))
    settled = [settling.settlement(row, cost, wanted.usage) for row in held]
    overruns = tuple(settling.overrun(row) for row in settled if row["overrun"])
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
            "settled": [settling.recorded(row) for row in settled],
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
        "settled": [settling.answered(row) for row in settled],
        "receipt": receipt.document(),
    }
    return append(draft, Answer(status=200, body=body), fence=wanted.fence, retry=retry)


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
            "settled": [settling.answered(row) for row in body["settled"]],
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
                "settled": [settling.answered(row) for row in earlier.settled],
            }
            return late.error
        action = _action(snapshot, execution_id, seq)
        cost = settling.cost_micros(action, wanted.usage)
        held = settling.held(execution_id, seq, ("open", "presumed"))
        settled = [settling.settlement(row, cost, wanted.usage) for row in held]
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
                "settled": [settling.recorded(row) for row in settled],
            },
            payloads={"result": report},
            settle_seq=seq,
            settle=[{"id": row["id"], "actual": row["spent"]} for row in settled],
        )
    late.error.members |= {
        "addendum": receipt.document(),
        "settled": [settling.answered(row) for row in settled],
    }
    return late.error
