"""The log as a whole: its leaves, hashed again, give the root of every checkpoint that was ever signed."""

from typing import Final

from executions.queries.invariants.examining import Examination, Invariant, Part, Violation
from waxell.ledger.models import Checkpoint, Log
from waxell.ledger.queries import checkpoints, trees


def _consistent(part: Part) -> Examination:
    # One tree is the beginning of another exactly when the leaves of one are the first of the other's, so
    # hashing them once proves each checkpoint consistent with each. A log is one for all projects.
    keys = checkpoints.keys()
    found = tuple(
        Violation(invariant="I8", subject=fault.subject, message=fault.message)
        for log in Log.objects.order_by("number")
        for fault in trees.examine(log, keys)
    )
    return Examination(checked=Checkpoint.objects.count(), violations=found)


CONSISTENT: Final = Invariant(
    code="I8",
    sentence="Every checkpoint is consistent with every other, and with the leaves",
    things="checkpoints",
    examine=_consistent,
)
