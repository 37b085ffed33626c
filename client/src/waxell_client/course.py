"""The course of one execution: what its agent knows of it, shared by its threads and tasks."""

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from waxell_client.answers import Document, Ending, Reason, Record, reasons
from waxell_client.conversation import Conversation, Reply, Request
from waxell_client.delivery import Patience, deliver, rejected
from waxell_client.errors import Rejected, Stopped, Unreachable, WaxellError, stopped
from waxell_client.journal import Journal
from waxell_client.settings import Settings
from waxell_client.values import encode

log = logging.getLogger("waxell_client")

# With on_unreachable="allow", how long after a failure calls are sent once instead of insisting.
DOWN_FOR_SECONDS = 15.0
# What somebody who pressed Ctrl-C waits for each of the last words.
HURRIED = Patience(seconds=3)
IMPATIENT = Patience(seconds=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ungoverned:
    """An action that was done though nobody could be asked."""

    kind: str
    resource: str
    at: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A result to deliver. Its key is made with it, so that it is one result however often it is sent."""

    seq: int
    body: Mapping[str, Any]
    key: str = field(default_factory=lambda: str(uuid.uuid4()))


class Course:
    """`start` is the body that admission is asked with; `on_stop` hears of a stop at most once."""

    def __init__(
        self,
        *,
        settings: Settings,
        start: Mapping[str, Any],
        journal: Journal | None = None,
        on_stop: Callable[[Stopped], None] | None = None,
    ) -> None:
        self.settings = settings
        self.start = start
        self.id: str | None = None
        self.fence = 0
        self.start_key = str(uuid.uuid4())
        self.record: Record | None = None
        self.closed_as: str | None = None
        self.ending: Ending | None = None
        self.heard_at = time.monotonic()
        self.owed: deque[Report] = deque()
        self.ungoverned: list[Ungoverned] = []
        self._journal = journal
        self._on_stop = on_stop
        self._failed_at: float | None = None
        self._hurried = False
        # Re-entrant: a signal's handler may come in while this thread holds it.
        self._lock = threading.RLock()

    @property
    def path(self) -> str:
        return f"/executions/{self.id}"

    @property
    def is_over(self) -> bool:
        """True where this program has nothing more to say of it."""
        return self.closed_as is not None or (self.ending is not None and self.ending.state is not None)

    def check(self) -> None:
        """Raise Stopped where a stop was heard of."""
        if self.ending is not None:
            raise stopped(self.ending)
        if self.closed_as is not None:
            raise stopped(Ending(code="closed", message="This program has closed it.", state=self.closed_as))

    def end(self, ending: Ending) -> Stopped:
        """Note that it is over, tell whoever wants to know, and return the error to raise."""
        with self._lock:
            known = self.ending
            # That this process is leaving is superseded by what Waxell says, and by nothing else.
            first = known is None or (known.state is None and ending.state is not None)
            if first:
                self.ending = ending
            if ending.record is not None:
                self.record = ending.record
        error = stopped(self.ending or ending)
        if first and ending.state is not None and self._on_stop is not None:
            try:
                self._on_stop(error)
            except Exception:
                log.exception("What was to hear of the stop of execution %s failed itself", self.id)
        return error

    def ended_in(self, answer: Document, why: tuple[Reason, ...] = ()) -> Stopped:
        """Note the end that an answer tells of, and return the error to raise."""
        because = why or reasons(answer)
        first = because[0] if because else None
        return self.end(
            Ending(
                code=first.code if first else str(answer["state"]),
                message=str(first) if first else f"it is {answer['state']}.",
                state=answer["state"],
                reasons=because,
                record=Record.of(answer.get("record")),
            )
        )

    def call(
        self, path: str, body: Mapping[str, Any], *, key: str | None = None, patience: Patience | None = None
    ) -> Conversation[Document]:
        """Say something that has an effect, once however often it is sent; return the answer's body.

        Raises Unreachable and Rejected, and Stopped where the execution is over.
        """
        key = key or str(uuid.uuid4())
        content = encode(body)
        if self._journal is not None:
            self._journal.intend(key, path, content)
        request = Request(method="POST", path=path, body=content, headers={"Idempotency-Key": key})
        reply = yield from self._deliver(request, patience)
        if self._journal is not None:
            self._journal.answered(key, reply)
        if reply.status >= 300:
            raise (yield from self._problem(reply))
        return reply.body

    def beat(self, patience: Patience) -> Conversation[Document]:
        """Renew the lease; of no effect but that, so neither key nor journal. Raises as `call` does."""
        request = Request(method="POST", path=f"{self.path}/heartbeat/", body=encode({"fence": self.fence}))
        reply = yield from self._deliver(request, patience)
        if reply.status >= 300:
            raise (yield from self._problem(reply))
        return reply.body

    def look(self, path: str, etag: str | None = None) -> Conversation[Reply]:
        """Read; 304 where nothing is new. Raises Unreachable and Rejected."""
        headers = {"If-None-Match": etag} if etag else {}
        reply = yield from self._deliver(Request(method="GET", path=path, headers=headers), None)
        if reply.status >= 300 and reply.status != 304:
            raise rejected(reply)
        return reply

    def hurry(self) -> None:
        """Be brief from here on: somebody waits for this program to end."""
        self._hurried = True

    def note_ungoverned(self, kind: str, resource: str, error: Unreachable) -> None:
        """Remember, loudly, that something is done without a decision; it is told when the execution is closed."""
        what = Ungoverned(kind=kind, resource=resource, at=datetime.now(timezone.utc).isoformat(), why=error.why)
        self.ungoverned.append(what)
        log.warning('UNGOVERNED: %s %s is done without a decision (on_unreachable="allow"): %s', kind, resource, error)
        if self._journal is not None:
            self._journal.ungoverned(kind, resource, error.why)

    def _deliver(self, request: Request, patience: Patience | None) -> Conversation[Reply]:
        try:
            reply = yield from deliver(request, patience or self._patience())
        except Unreachable:
            self._failed_at = time.monotonic()
            raise
        self._failed_at = None
        self.heard_at = time.monotonic()
        return reply

    def _patience(self) -> Patience:
        if self._hurried:
            return HURRIED
        failed_at = self._failed_at
        down = failed_at is not None and time.monotonic() - failed_at < DOWN_FOR_SECONDS
        if down and self.settings.on_unreachable == "allow":
            return IMPATIENT
        return Patience(seconds=self.settings.patience_seconds)

    def _problem(self, reply: Reply) -> Conversation[WaxellError]:
        """The error that a problem is: Stopped, with the cause looked up, or Rejected."""
        error = rejected(reply)
        if error.code == "fenced":
            return self.end(
                Ending(code="fenced", message="somebody else drives it now.", state=str(reply.body.get("state", "")))
            )
        if error.code != "execution_closed":
            return error
        why: tuple[Reason, ...] = ()
        try:
            seen = yield from deliver(Request(method="GET", path=f"{self.path}/"), IMPATIENT)
            if cause := seen.body.get("cause"):
                why = (Reason.of(cause),)
        except (Unreachable, Rejected):
            log.debug("The cause of the end of %s could not be read", self.id)
        return self.ended_in(reply.body, why)
