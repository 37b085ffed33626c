"""The heart: one thread of a client that says for all its executions that they live, and hears whether they may."""

import logging
import threading
import time
from collections.abc import Callable

from waxell_client.conversation import Conversation
from waxell_client.course import IMPATIENT, Course
from waxell_client.errors import Rejected, Stopped, Unreachable

log = logging.getLogger("waxell_client")

Hold = Callable[[Conversation[None]], None]


class Heart:
    """Beats for each course in its own rhythm; a question asked meanwhile counts as a beat.

    A thread also for asyncio: work that blocks the event loop costs no lease.
    """

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        self._changed = threading.Condition()
        self._due: dict[Course, float] = {}
        self._thread: threading.Thread | None = None

    def keep(self, course: Course) -> None:
        """Beat for `course` until it is dropped or over."""
        with self._changed:
            self._due[course] = time.monotonic() + course.settings.beat_seconds
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="waxell-heart", daemon=True)
                self._thread.start()
            self._changed.notify()

    def drop(self, course: Course) -> None:
        """Beat for `course` no more."""
        with self._changed:
            self._due.pop(course, None)
            self._changed.notify()

    def _run(self) -> None:
        while (course := self._next()) is not None:
            try:
                self._hold(beat(course))
            except Stopped as stop:
                log.warning("%s", stop)
            except (Unreachable, Rejected) as error:
                # The next question says so to whoever asks it; here nobody listens.
                log.warning("No heartbeat for execution %s: %s", course.id, error)
            except Exception:
                # One execution's trouble must not silence the others.
                log.exception("No heartbeat for execution %s", course.id)

    def _next(self) -> Course | None:
        """Wait until a beat is due. None where nothing is left to beat for; then this thread ends."""
        with self._changed:
            while True:
                for course in [course for course in self._due if course.is_over]:
                    del self._due[course]
                if not self._due:
                    self._thread = None
                    return None
                course = min(self._due, key=self._due.__getitem__)
                now = time.monotonic()
                due = max(self._due[course], course.heard_at + course.settings.beat_seconds)
                if due <= now and course.id is not None:
                    self._due[course] = now + course.settings.beat_seconds
                    return course
                self._due[course] = due if due > now else now + course.settings.beat_seconds
                self._changed.wait(max(0.0, min(self._due.values()) - now))


def beat(course: Course) -> Conversation[None]:
    """One heartbeat. Raises Stopped where the answer is to halt, Unreachable, Rejected."""
    answer = yield from course.beat(IMPATIENT)
    if answer["directive"] == "halt":
        raise course.ended_in(answer)
