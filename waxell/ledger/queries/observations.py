"""Sealing as /readyz and /metrics show it."""

from collections.abc import Iterable
from typing import Final

from waxell.ledger.models import Sealer
from waxell.ledger.queries import sealing
from waxell.lib.observing import Finding, Gauge

LATE_SECONDS: Final = 15.0
"""An entry that waited this long, though sealing takes a second, says that nobody seals."""


def look_at_sealing() -> Finding:
    """Whether what is written gets sealed. Appending goes on without, but the promise of evidence does not hold."""
    lag = sealing.lag()
    said = sealing.sealer()
    waiting = f"{lag.queued} entries wait to be sealed, the oldest for {lag.seconds:.0f} seconds"
    late = lag.seconds > LATE_SECONDS
    stopped = said is not None and said.state == Sealer.State.STOPPED
    if said is not None and stopped:
        message = f"sealing has stopped ({said.reason}): {said.detail}; {waiting}"
    elif late:
        message = f"nobody seals: {waiting}"
    else:
        message = waiting
    figures = {"queued": lag.queued, "oldest_seconds": round(lag.seconds, 1)}
    return Finding(
        subject="sealing", holds=not (stopped or late), fails=stopped or late, message=message, figures=figures
    )


def gauges() -> Iterable[Gauge]:
    """The seal queue, and whether sealing has stopped."""
    lag = sealing.lag()
    said = sealing.sealer()
    stopped = said is not None and said.state == Sealer.State.STOPPED
    return (
        Gauge(
            name="waxell_seal_queue", help="Entries that wait to be sealed, counted to 100000.", values={(): lag.queued}
        ),
        Gauge(name="waxell_seal_age_seconds", help="How long the oldest of them has waited.", values={(): lag.seconds}),
        Gauge(
            name="waxell_sealing_stopped",
            help="1 while the sealer refuses to sign; readiness says why.",
            values={(): float(stopped)},
        ),
    )
