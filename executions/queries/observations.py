"""Figures of executions and of the queue, for /metrics."""

from collections.abc import Iterable
from typing import Final

from executions.models.executions import LIVE
from waxell.lib.db.calls import call
from waxell.lib.observing import Gauge

_LIVE: Final = """
SELECT x.state, count(*) AS number,
       extract(epoch FROM clock_timestamp() - min(x.started_at))::float8 AS oldest
  FROM executions_execution x
 WHERE x.state IN ('pending', 'running', 'suspended')
 GROUP BY x.state
"""


def gauges() -> Iterable[Gauge]:
    """Live executions by state; the pending ones are the queue of the workers."""
    rows = {row.state: row for row in call(_LIVE)}
    counts = {state: float(rows[state].number) if state in rows else 0.0 for state in LIVE}
    oldest = rows["pending"].oldest if "pending" in rows else 0.0
    return (
        Gauge(
            name="waxell_live_executions",
            help="Executions that have not ended.",
            labels=("state",),
            values={(state,): number for state, number in counts.items()},
        ),
        Gauge(name="waxell_queue_depth", help="Executions that wait for a worker.", values={(): counts["pending"]}),
        Gauge(name="waxell_queue_age_seconds", help="How long the oldest of them has waited.", values={(): oldest}),
    )
