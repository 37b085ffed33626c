"""Calling the gate until it answers: a worker outlives a restart of PostgreSQL."""

import random
import time
from collections.abc import Callable
from typing import Final

from django.db import InterfaceError, OperationalError, connection

from executions.runner.interruptions import GateUnreachable
from executions.services.callers import Caller
from governance.domain.requests import Retry
from waxell.lib import canonical, ids
from waxell.lib.errors import Unavailable

PATIENCE_SECONDS: Final = 30.0
LONGEST_PAUSE_SECONDS: Final = 2.0


def insist[T](call: Callable[[], T]) -> T:
    """Return what `call` returns, calling again while the database or the gate is unavailable.

    An answer may be lost after its effect was committed, so `call` must carry its own
    Idempotency-Key. Raises GateUnreachable after half a minute.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    pause = 0.05
    while True:
        try:
            return call()
        except (OperationalError, InterfaceError, Unavailable) as error:
            if not isinstance(error, Unavailable):
                connection.close()
            if time.monotonic() + pause > until:
                raise GateUnreachable(str(error)) from error
        time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - jitter, not a secret
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def once[T](service: Callable[..., T], *, caller: Caller, **named: object) -> Callable[[], T]:
    """Return a call of `service` that can be repeated and still has one effect."""
    key = ids.nonce()
    retry = Retry(
        caller=caller.stored_as,
        path=f"worker:{service.__name__}",
        key=key,
        # Each key is made for one body, so the body needs no other name.
        body=canonical.digest(key.encode()),
    )
    return lambda: service(caller=caller, retry=retry, **named)
