"""How many requests a key may make in a minute, counted by each process for itself."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from waxell.lib.db.calls import call
from waxell.lib.errors import DomainError

WINDOW_SECONDS: Final = 60.0
WRITTEN_EVERY_SECONDS: Final = 1.0


class TooManyRequests(DomainError):
    """This key has made all the requests it may make in this minute."""

    code = "too_many_requests"
    status = 429


@dataclass(slots=True, kw_only=True)
class Rates:
    """The counters of one process. `clock` gives seconds that never go back, `write` keeps refusals."""

    clock: Callable[[], float] = time.monotonic
    write: Callable[[dict[str, int]], None]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _began: float = -math.inf
    _seen: dict[str, int] = field(default_factory=dict)
    _refused: dict[str, int] = field(default_factory=dict)
    _written: float = -math.inf

    def check(self, key_id: str, per_minute: int) -> None:
        """Count one request of a key. Raises TooManyRequests with the seconds to wait."""
        with self._lock:
            now = self.clock()
            if now - self._began >= WINDOW_SECONDS:
                self._began, self._seen = now, {}
            seen = self._seen[key_id] = self._seen.get(key_id, 0) + 1
            wait = None
            if seen > per_minute:
                wait = max(1, math.ceil(self._began + WINDOW_SECONDS - now))
                self._refused[key_id] = self._refused.get(key_id, 0) + 1
            due: dict[str, int] = {}
            if self._refused and now - self._written >= WRITTEN_EVERY_SECONDS:
                due, self._refused, self._written = self._refused, {}, now
        if due:
            self.write(due)
        if wait is not None:
            raise TooManyRequests(retry_after=wait)


def keep_refusals(refused: dict[str, int]) -> None:
    """Add refusals by key to this minute's rows, which the sweeper turns into entries."""
    call(
        "INSERT INTO governance_throttledminute (key_id, minute, refused) "
        "SELECT key, date_trunc('minute', clock_timestamp()), refused "
        "FROM unnest(%s::text[], %s::bigint[]) AS counted (key, refused) ORDER BY key "
        "ON CONFLICT (key_id, minute) DO UPDATE "
        "SET refused = governance_throttledminute.refused + EXCLUDED.refused",
        (list(refused), list(refused.values())),
    )


_process: Final = Rates(write=keep_refusals)


def check_rate(key_id: str, per_minute: int) -> None:
    """Count one request of a key in this process. Raises TooManyRequests (429, `Retry-After`).

    Call it outside a transaction: what it writes must not be rolled back with the refusal.
    """
    _process.check(key_id, per_minute)
