"""How a log grew, from a handful of its checkpoints however many there are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from waxell.ledger.models import Checkpoint
from waxell.lib.db.calls import call

STEPS: Final = 48

# Between two sizes nothing may have happened for days: each step shows the last moment before it, too.
_STEPS: Final = """
SELECT DISTINCT c.size, c.signed_at FROM generate_series(1, %s::integer) AS step
 CROSS JOIN LATERAL (
    (SELECT size, signed_at FROM ledger_checkpoint
      WHERE log = %s::integer AND size >= greatest(1, step * %s / %s) ORDER BY size LIMIT 1)
    UNION ALL
    (SELECT size, signed_at FROM ledger_checkpoint
      WHERE log = %s::integer AND size < greatest(1, step * %s / %s) ORDER BY size DESC LIMIT 1)) AS c
 ORDER BY c.size
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """`size` entries were sealed at `at`."""

    at: datetime
    size: int


def of(head: Checkpoint) -> tuple[Point, ...]:
    """Return the growth of the log that `head` is the newest checkpoint of, at most two points a step."""
    step = (head.log, head.size, STEPS)
    return tuple(Point(at=row.signed_at, size=row.size) for row in call(_STEPS, (STEPS, *step, *step)))
