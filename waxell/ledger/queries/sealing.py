"""How far sealing lags behind, and what the sealer says of itself."""

from dataclasses import dataclass
from typing import Final

from waxell.ledger.models import Sealer
from waxell.lib.db.calls import call_one

COUNTED_AT_MOST: Final = 100_000
"""A longer queue is counted as this: whoever asks once a second must not read millions of rows."""

_LAG: Final = """
SELECT count(*) AS queued, coalesce(extract(epoch FROM clock_timestamp() - min(queued_at)), 0)::float8 AS age
  FROM (SELECT queued_at FROM ledger_seal_queue LIMIT %s::integer) AS waiting
"""
_SILENCE: Final = "SELECT extract(epoch FROM clock_timestamp() - seen_at)::float8 AS seconds FROM ledger_sealer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """Entries that wait to be sealed (COUNTED_AT_MOST: or more), and for how long the oldest has waited."""

    queued: int
    seconds: float


def lag() -> Lag:
    """Return how far sealing is behind."""
    row = call_one(_LAG, (COUNTED_AT_MOST,))
    return Lag(queued=row.queued, seconds=max(0.0, row.age))


def sealer() -> Sealer | None:
    """Return what the sealer last said of itself, None where none ever ran."""
    return Sealer.objects.first()


def silence_seconds() -> float | None:
    """Return how long ago the sealer last said anything, None where none ever ran."""
    row = call_one(_SILENCE)
    return None if row is None else float(row.seconds)
