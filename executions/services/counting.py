"""Counting decisions for /metrics, once they are recorded."""

from governance.domain.verdicts import Decision, Source
from waxell.lib.metering import meters


def count(decision: Decision) -> None:
    """Count one recorded decision, and the budgets' part in refusing it."""
    counted = meters()
    counted.decisions.labels(decision.verdict.value).inc()
    for effect in {reason.effect.value for reason in decision.reasons if reason.source is Source.BUDGET}:
        counted.budget_refusals.labels(effect).inc()
