"""What comes after the end, or from somebody who no longer drives: addenda and notes."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import transaction

from executions.services.callers import Caller
from executions.services.snapshots import Snapshot
from governance.domain.actors import Actor
from governance.services import recording
from waxell.ledger.domain.entries import Receipt, compose, name_digest
from waxell.ledger.models import Entry, Payload, Stream
from waxell.ledger.services.appending import columns, lock, salt_all
from waxell.lib.db.calls import call_one
from waxell.lib.ids import nonce, uuid7

_REMEMBERED: Final = 10_000


class _Once:
    """Remembers what this process has noted, so that a looping caller is noted once."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[object, ...], None] = OrderedDict()
        self._lock = Lock()

    def first(self, *what: object) -> bool:
        with self._lock:
            if what in self._seen:
                return False
            self._seen[what] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            return True


_noted = _Once()


def add(
    snapshot: Snapshot,
    execution_id: UUID,
    *,
    caller: Caller,
    type: str,
    members: Mapping[str, object],
    payloads: Mapping[str, bytes] | None = None,
    settle_seq: int | None = None,
    settle: list[dict[str, int]] | None = None,
) -> Receipt:
    """Append one entry to an execution's addenda stream, opened on first use.

    `settle` ends presumed reservations of action `settle_seq`: `[{id, actual}]`.
    """
    salted = salt_all(payloads or {})
    with transaction.atomic():
        # The execution's row orders everybody who might open the stream or write to it.
        call_one("SELECT execution_lock_v1(%s::uuid, %s::uuid)", (snapshot.project_id, execution_id))
        stream = Stream.objects.filter(subject=execution_id).values_list("id", flat=True).first()
        head = lock(stream) if stream else None
        now = head.now if head else snapshot.now
        stream = stream or uuid7()
        body = compose(
            project=snapshot.project_id,
            stream=stream,
            seq=head.seq + 1 if head else 1,
            prev=head.digest if head else None,
            nonce=nonce(),
            at=now,
            type=type,
            state=name_digest(snapshot.state_digest),
            members={"execution": str(execution_id), "actor": caller.document(), **members},
            payloads=salted,
        )
        row = call_one(
            "SELECT * FROM addendum_append_v1(%s::uuid, %s::uuid, %s::uuid, %s::bytea,"
            " %s::text[], %s::bytea[], %s::bytea[], %s::bigint, %s::jsonb, %s::timestamptz)",
            (
                snapshot.project_id,
                execution_id,
                stream,
                body,
                *columns(salted),
                settle_seq,
                orjson.dumps(settle or []).decode(),
                now,
            ),
        )
    return Receipt(stream=str(stream), seq=row.seq, digest=name_digest(row.digest) or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class LateResult:
    """A result that came too late before: its content, receipt and settlements, as answered."""

    content: bytes
    receipt: dict[str, Any]
    settled: list[dict[str, Any]]


def late_result(execution_id: UUID, seq: int) -> LateResult | None:
    """The addendum that already tells the result of action `seq`, if there is one."""
    stream = Stream.objects.filter(subject=execution_id).first()
    if stream is None:
        return None
    entry = Entry.objects.filter(project_id=stream.project_id, stream=stream.id, about=seq, type="result.late").first()
    if entry is None:
        return None
    kept = Payload.objects.filter(project_id=stream.project_id, stream=stream.id, seq=entry.seq, name="result").first()
    receipt = Receipt(stream=str(stream.id), seq=entry.seq, digest=name_digest(entry.digest) or "")
    return LateResult(
        content=bytes(kept.content) if kept else b"",
        receipt=receipt.document(),
        settled=orjson.loads(bytes(entry.body))["settled"],
    )


def note_fenced(caller: Caller, snapshot: Snapshot, execution_id: UUID, fence: int, kind: str) -> None:
    """Record, once per fence and kind, that somebody wrote who no longer drives the execution."""
    if _noted.first(execution_id, fence, kind):
        add(
            snapshot,
            execution_id,
            caller=caller,
            type="write.fenced",
            members={"kind": kind, "fence": fence, "current": snapshot.fence},
        )


def note_foreign(caller: Caller, snapshot: Snapshot, execution_id: UUID, kind: str) -> None:
    """Record in the caller's own project that it reached for an execution that is not its own."""
    if caller.key_id and snapshot.x_found and _noted.first(caller.key_id, execution_id, kind):
        members: dict[str, Any] = {"kind": kind, "execution": str(execution_id)}
        recording.record(
            project_id=snapshot.project_id,
            actor=Actor(key=caller.key_id),
            type="access.refused",
            members=members,
        )
