"""Bundles: what a stranger needs to check a record, in one file that needs neither us nor a network.

The format is described in docs/reference/bundle.md; `waxell.ledger.verifier` reads it. Whatever is
spoilt in the database goes into a bundle as it is: to find it is the verifier's work.
"""

from executions.queries.bundles.execution import write_execution
from executions.queries.bundles.period import EmptyPeriod, write_period

__all__ = ["EmptyPeriod", "write_execution", "write_period"]
