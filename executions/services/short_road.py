"""The short road: an action that nothing stands against, by a glance and one lean append.

It can only allow. Whenever anything else might come of an action, or anything has moved, it steps
back without a trace and the gate takes its full road from the beginning: so refusals, holds,
halts, replays and their exact order exist once. Rules, budgets and the fence are judged and
proved here as there; ADR 16 tells what it saves.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson
from django.db import DatabaseError

from executions.domain.states import State
from executions.domain.wanted import ActionWanted
from executions.services import glances
from executions.services.answering import decided_body
from executions.services.appending import TRANSIENT, Answer, Draft, Stale, sqlstate, translated
from executions.services.callers import Caller
from executions.services.counting import count
from executions.services.deciding import add_decision, renewal, repeats_of
from executions.services.glances import Glance
from executions.services.judging import Judgement, judge
from executions.services.snapshots import Snapshot
from governance.domain.requests import Retry
from governance.domain.verdicts import Verdict
from governance.models import ApiKey
from waxell.ledger.domain.entries import name_digest, raw_digest
from waxell.lib import canonical
from waxell.lib.db.prepared import Prepared, int4, int8, int8s, text, timestamptz, uuid
from waxell.lib.errors import Unauthenticated

NO_ARGS: Final = canonical.encode({})

_remembered: Final = glances.Remembered()
_allow: Final = Prepared(
    "waxell_allow",
    "SELECT gate_allow_v1($1::uuid, $2::uuid, $3::bigint, $4::bigint, $5::bytea, $6::bigint, $7::timestamptz,"
    " $8::integer, $9::text, $10::bytea, $11::bigint, $12::bigint[], $13::bigint[], $14::bytea, $15::bytea,"
    " $16::bytea, $17::text, $18::text, $19::text, $20::bytea, $21::bytea)",
)


@dataclass(slots=True, kw_only=True)
class ShortRoad:
    """One try of one action. `answer` is there once it was allowed and is in the ledger."""

    caller: Caller
    execution_id: UUID
    wanted: ActionWanted
    args: bytes
    call_digest: str
    retry: Retry | None
    glance: Glance | None = None
    answer: Answer | None = None

    @classmethod
    def of(cls, *, caller: Caller, execution_id: UUID, wanted: ActionWanted, retry: Retry | None) -> "ShortRoad":
        """Prepare a try; its arguments and their digest serve the full road too."""
        args = canonical.encode(dict(wanted.args)) if wanted.args else NO_ARGS
        parts = [wanted.kind.encode(), wanted.resource.encode(), args]
        if wanted.definition is not None:
            # What a person grants is a call of the tool as it was then.
            parts.append(wanted.definition.fingerprint.encode())
        named = b"\0".join(parts)
        return cls(
            caller=caller,
            execution_id=execution_id,
            wanted=wanted,
            args=args,
            call_digest=hashlib.sha256(named).hexdigest(),
            retry=retry,
        )

    def take(self) -> Answer | None:
        """Allow the action, or return None: then nothing has happened and nothing was decided."""
        self.glance = glances.take(self.execution_id) if self.caller.key_id else None
        if self.glance is None or self.caller.key_id is None:
            return None
        snapshot = _remembered.complete(
            self.glance, self.caller.key_id, kind=self.wanted.kind, resource=self.wanted.resource
        )
        if snapshot is None or not self._is_open(snapshot, self.glance):
            return None
        repeats = repeats_of(snapshot, self.call_digest)
        judgement = judge(
            snapshot,
            execution_id=str(self.execution_id),
            kind=self.wanted.kind,
            resource=self.wanted.resource,
            args=self.wanted.args,
            estimate=self.wanted.estimate,
            repeats=repeats,
            definition=self.wanted.definition,
        )
        windows = {window["budget"]: window["window"] for window in snapshot.windows}
        taken = [windows[demand.budget_id] for demand in judgement.asked]
        if judgement.decision.verdict is not Verdict.ALLOW or None in taken:
            return None
        try:
            self.answer = self._append(snapshot, judgement, self.glance.epoch, repeats, taken)
        except (Stale, Unauthenticated):
            return None
        except DatabaseError as error:
            if sqlstate(error) not in TRANSIENT:
                raise
            return None
        return self.answer

    def remember(self, snapshot: Snapshot) -> None:
        """Keep what a snapshot of the full road said, for the next action like this one."""
        if self.glance is not None and self.caller.key_id is not None:
            _remembered.keep(
                self.glance, self.caller.key_id, snapshot, kind=self.wanted.kind, resource=self.wanted.resource
            )

    def _is_open(self, snapshot: Snapshot, glance: Glance) -> bool:
        """Tell whether key, execution and fence are those of an ordinary running action."""
        presented = hashlib.sha256((self.caller.secret or "").encode()).digest()
        return (
            snapshot.key_digest is not None
            and hmac.compare_digest(presented, snapshot.key_digest)
            and snapshot.key_revoked_at is None
            and snapshot.key_expires_at > snapshot.now
            and ApiKey.Scope.EXECUTE in snapshot.key_scopes
            and snapshot.x_project == snapshot.project_id
            and snapshot.key_agent in (None, snapshot.agent_id)
            and snapshot.x_state == State.RUNNING
            and snapshot.fence == self.wanted.fence
            and not glance.killed
            and (name_digest(snapshot.state_digest) or "") in snapshot.states_seen
        )

    def _append(self, snapshot: Snapshot, judgement: Judgement, epoch: int, repeats: int, windows: list[int]) -> Answer:
        draft = Draft(execution_id=self.execution_id, snapshot=snapshot, caller=self.caller)
        receipt = add_decision(
            draft,
            judgement,
            vouched=self.caller.vouched,
            payloads={"args": self.args} if self.wanted.args else {},
        )
        answer = Answer(status=200, body=decided_body(judgement, snapshot, receipt, State.RUNNING))
        payload = draft.payloads[0] if draft.payloads else None
        retry = self.retry
        with translated():
            _allow.row(
                (
                    uuid(snapshot.project_id),
                    uuid(self.execution_id),
                    int8(snapshot.seq),
                    int8(snapshot.fence),
                    snapshot.state_digest,
                    int8(epoch),
                    timestamptz(snapshot.now),
                    int4(renewal(snapshot, self.wanted)),
                    text(self.wanted.kind),
                    bytes.fromhex(self.call_digest),
                    int8(repeats),
                    int8s(windows),
                    int8s([demand.seen.asked for demand in judgement.asked]),
                    draft.bodies[0],
                    payload.salt if payload else None,
                    payload.content if payload else None,
                    *(
                        (text(retry.caller), text(retry.path), text(retry.key), raw_digest(retry.body))
                        if retry
                        else (None, None, None, None)
                    ),
                    orjson.dumps(answer.body) if retry else None,
                ),
                tuple,
            )
        count(judgement.decision)
        return answer
