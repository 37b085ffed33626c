"""`waxell-observe`: handlers for its `on_policy_block` that wait until a person has decided.

    waxell.init(on_policy_block=wait_for_person)

Address and key are those that `waxell-observe` has itself.
"""

import json
import logging
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from waxell_observe import ApprovalDecision, PolicyViolationError, WaxellObserveClient

from waxell_client.answers import Approval
from waxell_client.conversation import Conversation, Request, pause
from waxell_client.delivery import Patience, deliver, rejected
from waxell_client.errors import Unreachable, WaxellError
from waxell_client.holding import Deadline
from waxell_client.settings import Settings
from waxell_client.wire import Wire

log = logging.getLogger("waxell_client")

PENDING: Final = "pending"
GRANTED: Final = frozenset({"granted", "used"})
REMEMBERED: Final = 1000

# Of what a gate refused this client hands on the sentence only.
_NAMED: Final = re.compile(r"\(approval ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\)")
_decided: dict[str, ApprovalDecision] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What to ask: a run by what its check was, or an action by the approval that its run left behind."""

    key: str
    body: Mapping[str, Any]


def wait_for_person(error: PolicyViolationError) -> ApprovalDecision:
    """Wait for the approval that a refusal is about; what no person can approve stays refused.

    It stays refused too where Waxell cannot be asked. Blocks the thread.
    """
    question = _question(error)
    if question is None:
        return ApprovalDecision(approved=False)
    if question.key not in _decided:
        settings = _settings()
        wire = Wire(settings)
        try:
            _remember(question, wire.hold(_hear(question, settings)))
        except WaxellError as lost:
            return _not_asked(lost)
        finally:
            wire.close()
    return _decided[question.key]


async def await_person(error: PolicyViolationError) -> ApprovalDecision:
    """The same for `async` agents: other tasks go on meanwhile."""
    question = _question(error)
    if question is None:
        return ApprovalDecision(approved=False)
    if question.key not in _decided:
        settings = _settings()
        try:
            _remember(question, await Wire(settings).ahold(_hear(question, settings)))
        except WaxellError as lost:
            return _not_asked(lost)
    return _decided[question.key]


def _question(error: PolicyViolationError) -> _Question | None:
    metadata = getattr(error.policy_result, "metadata", None)
    run = metadata.get("ask") if isinstance(metadata, dict) else None
    if isinstance(metadata, dict) and isinstance(run, dict):
        # The decorator asks its handler again what the context has asked it already: one question, one answer.
        return _Question(key=metadata.setdefault("question", str(uuid.uuid4())), body={"run": run})
    named = _NAMED.search(str(error))
    return _Question(key=named[1], body={"approval_id": named[1]}) if named else None


def _hear(question: _Question, settings: Settings) -> Conversation[ApprovalDecision]:
    """Ask, look until it is decided, and end what waited in vain. Raises Unreachable and Rejected."""
    began_at = time.monotonic()
    asked = yield from _call(settings, "POST", "/observe/approvals/", question.body, key=question.key)
    if asked["approval_id"] is None:
        # Nobody has to be asked any more; what the rules say now, the gate will tell.
        return ApprovalDecision(approved=asked["state"] == "running", elapsed_seconds=0.0)
    approval = Approval(id=asked["approval_id"], state=PENDING, expires_in_seconds=asked["expires_in_seconds"])
    seen: Mapping[str, Any] = {"state": PENDING, "kind": ""}
    for seconds in Deadline.of(settings, approval).pauses():
        try:
            seen = yield from _call(settings, "GET", f"/approvals/{approval.id}/")
        except Unreachable as lost:
            # People take hours, and a server is restarted meanwhile.
            log.warning("Still waiting for a person: %s", lost)
        if seen["state"] != PENDING:
            break
        yield from pause(seconds)
    granted = seen["state"] in GRANTED
    # A refused start has ended by itself; what would be held open for nobody is ended here.
    if not granted and asked["begun"] and (seen["state"] == PENDING or seen["kind"] != "execution.start"):
        body = {"status": "blocked", "error": f"The approval is {seen['state']}.", "result": {}}
        yield from _call(settings, "POST", f"/observe/runs/{asked['run_id']}/complete/", body)
    return ApprovalDecision(
        approved=granted,
        approver="waxell" if granted else "",
        timed_out=seen["state"] in (PENDING, "expired"),
        elapsed_seconds=time.monotonic() - began_at,
    )


def _call(
    settings: Settings, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None
) -> Conversation[Mapping[str, Any]]:
    request = Request(
        method=method,
        path=path,
        body=json.dumps(body).encode() if body is not None else None,
        headers={"Idempotency-Key": key} if key else {},
    )
    reply = yield from deliver(request, Patience(seconds=settings.patience_seconds))
    if reply.status >= 400:
        raise rejected(reply)
    return reply.body


def _settings() -> Settings:
    config = WaxellObserveClient().config
    return Settings(url=config.api_url.rstrip("/"), api_key=config.api_key)


def _remember(question: _Question, decision: ApprovalDecision) -> None:
    while len(_decided) >= REMEMBERED:
        _decided.pop(next(iter(_decided)), None)
    _decided[question.key] = decision


def _not_asked(lost: WaxellError) -> ApprovalDecision:
    log.warning("Nobody could be asked, so it stays refused: %s", lost)
    return ApprovalDecision(approved=False)
