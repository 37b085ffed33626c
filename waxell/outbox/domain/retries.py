"""When a message that did not arrive is tried again, and when it is given up."""

from datetime import timedelta
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 3600

PAUSES_SECONDS: Final = (
    10,
    _MINUTE,
    5 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
)
"""How long to wait after the first, second … failure. After one more attempt, in all some 32 hours, it is given up."""

MOST_ATTEMPTS: Final = len(PAUSES_SECONDS) + 1
JITTER: Final = 0.2

# A receiver that is down should not be asked by each of its messages in turn.
FIRST_REST_SECONDS: Final = 2
MOST_REST_SECONDS: Final = 300

MOST_ASKED_SECONDS: Final = _HOUR
"""A receiver may ask for a longer pause (Retry-After), up to this."""


def pause(*, attempts: int, luck: float, asked_seconds: int = 0) -> timedelta | None:
    """Return how long to wait after failure number `attempts`, None to give up.

    `luck` from 0 to 1 spreads messages that failed together; `asked_seconds` is what the receiver asked for.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    seconds = PAUSES_SECONDS[attempts - 1] * (1 + JITTER * luck)
    return timedelta(seconds=max(seconds, min(asked_seconds, MOST_ASKED_SECONDS)))


def rest(failures: int) -> timedelta:
    """Return how long a destination is left alone after so many failures without a success between them."""
    return timedelta(seconds=min(FIRST_REST_SECONDS * 2 ** min(failures - 1, 16), MOST_REST_SECONDS))
