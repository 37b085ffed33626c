"""Sealing as /readyz and /metrics show it."""

from collections.abc import Iterable

from waxell.ledger.queries import sealing
from waxell.lib.observing import Finding, Gauge


def look_at_sealing() -> Finding:
    """How many entries no checkpoint covers yet. A number, not a failure: they are written and safe."""
    lag = sealing.lag()
    return Finding(
        subject="sealing",
        holds=True,
        message=f"{lag.queued} entries wait to be sealed, the oldest for {lag.seconds:.0f} seconds",
        figures={"queued": lag.queued, "oldest_seconds": round(lag.seconds, 1)},
    )


def gauges() -> Iterable[Gauge]:
    """The seal queue."""
    lag = sealing.lag()
    return (
        Gauge(
            name="waxell_seal_queue", help="Entries that wait to be sealed, counted to 100000.", values={(): lag.queued}
        ),
        Gauge(name="waxell_seal_age_seconds", help="How long the oldest of them has waited.", values={(): lag.seconds}),
    )
