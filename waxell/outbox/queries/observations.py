"""The outbox as /readyz and /metrics show it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from waxell.lib.db.calls import call_one
from waxell.lib.observing import Finding, Gauge

SILENT_SECONDS: Final = 30.0
LATE_SECONDS: Final = 300.0

COUNTED_AT_MOST: Final = 100_000

_FIGURES: Final = """
SELECT (SELECT count(*) FROM (SELECT FROM outbox_message WHERE state = 'pending' LIMIT %s::integer) AS w) AS pending,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8
          FROM outbox_message WHERE state = 'pending') AS oldest,
       (SELECT count(*) FROM outbox_message WHERE state = 'given_up') AS given_up,
       (SELECT count(*) FROM outbox_destination WHERE enabled AND failures > 0) AS failing,
       (SELECT count(*) FROM outbox_destination WHERE enabled) AS destinations,
       (SELECT extract(epoch FROM clock_timestamp() - seen_at)::float8 FROM outbox_cursor) AS silence,
       (SELECT coalesce(max(l.index) + 1, 0) FROM ledger_leaf l
         WHERE l.log = (SELECT max(number) FROM ledger_log)) AS size,
       (SELECT index FROM outbox_cursor WHERE log = (SELECT max(number) FROM ledger_log)) AS read
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What waits (`pending` counted to COUNTED_AT_MOST), for how long, and how far the ledger has been read.

    `silence_seconds` is None where no notifier ever ran.
    """

    pending: int
    oldest_seconds: float
    given_up: int
    failing: int
    destinations: int
    silence_seconds: float | None
    unread: int


def figures() -> Figures:
    """Return how the outbox does."""
    row: Any = call_one(_FIGURES, (COUNTED_AT_MOST,))
    return Figures(
        pending=row.pending,
        oldest_seconds=max(0.0, row.oldest),
        given_up=row.given_up,
        failing=row.failing,
        destinations=row.destinations,
        silence_seconds=row.silence,
        unread=row.size - (row.read or 0),
    )


def look_at_outbox() -> Finding:
    """Whether people are told. Deciding goes on without, so nothing fails; but approvals wait unseen."""
    seen = figures()
    told = {"pending": seen.pending, "oldest_seconds": round(seen.oldest_seconds, 1), "given_up": seen.given_up}
    silent = seen.silence_seconds is None or seen.silence_seconds > SILENT_SECONDS
    if seen.destinations == 0:
        return Finding(subject="outbox", holds=True, message="no destinations: nobody is told", figures=told)
    message = f"{seen.pending} messages on their way, the oldest for {seen.oldest_seconds:.0f} seconds"
    if silent:
        message = f"no notifier is at work: start `manage.py notify`; {message}"
    elif seen.failing:
        message = f"{seen.failing} destinations take nothing; {message}"
    late = seen.oldest_seconds > LATE_SECONDS and not seen.failing
    return Finding(subject="outbox", holds=not (silent or late or seen.failing), message=message, figures=told)


def gauges() -> Iterable[Gauge]:
    """What waits, for how long, what was given up, and how far the ledger has been read."""
    seen = figures()
    return (
        Gauge(
            name="waxell_outbox_pending", help="Messages on their way, counted to 100000.", values={(): seen.pending}
        ),
        Gauge(
            name="waxell_outbox_age_seconds",
            help="How long the oldest of them has waited.",
            values={(): seen.oldest_seconds},
        ),
        Gauge(
            name="waxell_outbox_given_up",
            help="Messages that did not arrive and are not tried any more, of the last 30 days.",
            values={(): seen.given_up},
        ),
        Gauge(
            name="waxell_outbox_failing_destinations",
            help="Destinations whose last attempt failed.",
            values={(): seen.failing},
        ),
        Gauge(
            name="waxell_outbox_unread_leaves",
            help="Sealed entries that the outbox has not looked at.",
            values={(): seen.unread},
        ),
    )
