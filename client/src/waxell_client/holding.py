"""Waiting for people: without holding a thread of the server's, and never longer than was said."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass

from waxell_client.answers import Approval, Decision, Document
from waxell_client.conversation import Conversation, Reply, pause
from waxell_client.course import Course
from waxell_client.errors import Unreachable
from waxell_client.settings import Settings

log = logging.getLogger("waxell_client")

POLL_SECONDS = 2.0
LONGEST_POLL_SECONDS = 15.0
# An approval expires by the server's clock and is noted by its sweeper: look a little longer than it lives.
GRACE_SECONDS = 60.0
SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Until when a person may take to decide (monotonic seconds)."""

    at: float

    @classmethod
    def of(cls, settings: Settings, approval: Approval | None) -> "Deadline":
        """As the settings say, else until the approval expires."""
        seconds = settings.hold_timeout_seconds
        if seconds is None:
            expires = approval.expires_in_seconds if approval else None
            seconds = (expires if expires is not None else 24 * 3600) + GRACE_SECONDS
        return cls(at=time.monotonic() + seconds)

    def pauses(self) -> Iterator[float]:
        """Seconds between looks: short at first, when somebody may be at the screen; ends with the deadline."""
        began_at = time.monotonic()
        while (now := time.monotonic()) < self.at:
            grown = min(LONGEST_POLL_SECONDS, (now - began_at) / 20)
            yield min(max(POLL_SECONDS, grown), self.at - now)


def wait_for_person(course: Course, decision: Decision, deadline: Deadline) -> Conversation[Document | None]:
    """Look at a held action until it is decided; return its answer of then, or None at the deadline.

    Raises Rejected, and Stopped where a stop is heard of meanwhile.
    """
    etag: str | None = None
    current: Document | None = None
    for seconds in deadline.pauses():
        yield from pause(seconds)
        course.check()
        reply = yield from _look(course, f"{course.path}/actions/{decision.seq}/", etag)
        if reply is not None and reply.status != 304:
            current, etag = reply.body, reply.headers.get("etag")
            approval = current.get("approval")
            if approval is None or approval["state"] != "pending":
                return current
    return None


def wait_for_others(course: Course, deadline: Deadline) -> Conversation[bool]:
    """Wait while another thread's or task's action is held; tells whether that ended in time.

    Raises Rejected, and Stopped where a stop is heard of meanwhile.
    """
    for seconds in deadline.pauses():
        yield from pause(seconds)
        course.check()
        reply = yield from _look(course, f"{course.path}/")
        if reply is not None and reply.body["state"] != SUSPENDED:
            return True
    return False


def _look(course: Course, path: str, etag: str | None = None) -> Conversation[Reply | None]:
    """One look; None where there was no answer: people take hours, and a server is restarted meanwhile."""
    try:
        return (yield from course.look(path, etag))
    except Unreachable as error:
        log.warning("Still waiting for a person: %s", error)
        return None
