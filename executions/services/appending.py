"""One append: what moved, and the entries that say so, in one call of `gate_append_v1`."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from django.db import DatabaseError, transaction

from executions.services.callers import Caller
from executions.services.counting import count
from executions.services.snapshots import Snapshot
from governance.domain.requests import Retry
from governance.domain.verdicts import Decision
from governance.services.requests import IdempotencyKeyReused
from waxell.ledger.domain.entries import (
    Receipt,
    SaltedPayload,
    compose,
    name_digest,
    raw_digest,
)
from waxell.ledger.services.appending import salt_all
from waxell.lib import canonical
from waxell.lib.db.calls import call, call_one
from waxell.lib.errors import Conflict, DomainError, Unauthenticated, Unavailable
from waxell.lib.ids import nonce
from waxell.lib.times import format_time

TRANSIENT = {"40001", "40P01", "55P03"}
RETRIES = 5


class Stale(Exception):
    """What the snapshot saw has moved: decide again."""


class Fenced(Conflict):
    """Somebody else drives this execution now: the fence is not the current one."""

    code = "fenced"


class ExecutionClosed(Conflict):
    """The execution has ended: nothing can be added to its record."""

    code = "execution_closed"


_ERRORS: dict[str, Callable[[], Exception]] = {
    "WX001": Stale,
    # Moved since the snapshot, which then was within its fence and open: the locked road looks again
    # and refuses with what it sees, or keeps a result as an addendum.
    "WX002": Stale,
    "WX003": Stale,
    "WX004": lambda: Unauthenticated("The key has expired or was revoked: create another one."),
    "WX005": IdempotencyKeyReused,
}


@dataclass(slots=True, kw_only=True)
class Draft:
    """Entries to append to one execution's stream and the moves that go with them.

    `control` is the function's first argument without what every append has. Its members:
    `to` (the new state), `take` (the fence), `create`, `count`, `reserve`, `short`, `settle` with
    `settle_seq`, `ask_approval`, `end_approval`, `use_approvals`, `renew_seconds`, `last_call`,
    `repeats`, `cause`.
    """

    execution_id: UUID
    snapshot: Snapshot
    caller: Caller
    control: dict[str, Any] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    payloads: list[SaltedPayload] = field(default_factory=list)
    decided: list[Decision] = field(default_factory=list)

    @property
    def next_seq(self) -> int:
        return self.snapshot.seq + len(self.bodies) + 1

    @property
    def head(self) -> str | None:
        """Digest of the newest entry, those of this draft included."""
        if self.bodies:
            return canonical.digest(self.bodies[-1])
        return name_digest(self.snapshot.head)

    def add(self, type: str, members: Mapping[str, object], payloads: Mapping[str, bytes] | None = None) -> Receipt:
        """Compose the next entry and return the receipt it will have."""
        salted = salt_all(payloads or {})
        seq = self.next_seq
        body = compose(
            project=self.snapshot.project_id,
            stream=self.execution_id,
            seq=seq,
            prev=self.head,
            nonce=nonce(),
            at=self.snapshot.now,
            type=type,
            state=name_digest(self.snapshot.state_digest),
            members={"actor": self.caller.document(), **members},
            payloads=salted,
        )
        self.bodies.append(body)
        self.owners.extend(len(self.bodies) for _ in salted)
        self.payloads.extend(salted)
        return Receipt(stream=str(self.execution_id), seq=seq, digest=canonical.digest(body))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP status and the body that goes with it, as design section 10 fixes it."""

    status: int
    body: dict[str, Any]
    replayed: bool = False

    @property
    def entry(self) -> tuple[str, int]:
        """Stream and sequence of the entry that a decision's answer is the receipt for."""
        return self.body["receipt"]["stream"], self.body["receipt"]["seq"]


def append(draft: Draft, answer: Answer, *, fence: int | None, retry: Retry | None) -> Answer:
    """Write the draft, or nothing. Returns `answer`, or the stored answer of a twin.

    `fence` None is a governance write, which needs no fence. Raises Stale, Unauthenticated,
    IdempotencyKeyReused.
    """
    snapshot = draft.snapshot
    control = {
        "project": str(snapshot.project_id),
        "key": snapshot.key_id,
        "execution": str(draft.execution_id),
        "seq": snapshot.seq,
        "fence": fence,
        "state": snapshot.state_digest.hex(),
        "decided_at": format_time(snapshot.now),
        **draft.control,
    }
    stored = None
    if retry is not None:
        stored = orjson.dumps(answer.body)
        control["retry"] = {
            "caller": retry.caller,
            "path": retry.path,
            "key": retry.key,
            "body": raw_digest(retry.body).hex(),
            "status": answer.status,
        }
    params = (
        orjson.dumps(control).decode(),
        draft.bodies,
        draft.owners,
        [payload.name for payload in draft.payloads],
        [payload.salt for payload in draft.payloads],
        [payload.content for payload in draft.payloads],
        stored,
    )
    with translated():
        row = call_one(
            "SELECT * FROM gate_append_v1(%s::jsonb, %s::bytea[], %s::integer[], %s::text[],"
            " %s::bytea[], %s::bytea[], %s::bytea)",
            params,
        )
    if row.replayed:
        return replayed(row.status, row.answer, row.now_state)
    for decision in draft.decided:
        count(decision)
    return answer


def replayed(status: int, body: bytes, state: str | None) -> Answer:
    """The stored answer to a request that came again, with the execution's current state."""
    document = orjson.loads(body)
    if state is not None and "state" in document:
        document["state"] = state
    return Answer(status=status, body=document, replayed=True)


class translated:
    """Turn the gate's own SQLSTATEs into the errors above."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DatabaseError):
            make = _ERRORS.get(sqlstate(error) or "")
            if make is not None:
                raise make() from error


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE behind one of Django's database errors."""
    return getattr(error.__cause__, "sqlstate", None)


def drive[T](attempt: Callable[[], T], *, lock: Callable[[], tuple[UUID, UUID] | None]) -> T:
    """Run `attempt` (snapshot, decide, append) optimistically; once it was stale, under locks.

    `lock` names the project and the execution whose rows the locked road takes; None where there
    is no row yet. Serialization failures, deadlocks and lock time-outs are retried up to five
    times with jitter. Raises Unavailable when even that did not help.
    """
    try:
        return _patiently(attempt)
    except Stale:
        pass
    for turn in range(RETRIES):
        try:
            return _patiently(lambda: _locked(attempt, lock()))
        except Stale:
            # Under the lock only a budget shared with others can still have moved: somebody won.
            time.sleep(_jitter(turn))
    raise Unavailable("Too many decisions at once here; ask again.", retry_after=1)


def _locked[T](attempt: Callable[[], T], rows: tuple[UUID, UUID] | None) -> T:
    with transaction.atomic():
        if rows is not None:
            call("SELECT execution_lock_v1(%s::uuid, %s::uuid)", rows)
        try:
            return attempt()
        except DomainError as error:
            if isinstance(error.__cause__, DatabaseError):
                raise
            refusal = error
    # Refused by what was seen, not by the database: what was noted of it is kept.
    raise refusal


def _patiently[T](attempt: Callable[[], T]) -> T:
    for turn in range(RETRIES + 1):
        try:
            return attempt()
        except DatabaseError as error:
            if sqlstate(error) not in TRANSIENT or turn == RETRIES:
                if sqlstate(error) in TRANSIENT:
                    raise Unavailable(retry_after=1) from error
                raise
            time.sleep(_jitter(turn))
    raise AssertionError("unreachable")


def _jitter(turn: int) -> float:
    """Seconds to wait before the next try: longer each time, never in step with others."""
    return random.uniform(0.002, 0.02) * (turn + 1)  # noqa: S311 (not a secret)
