"""How reservations end: what an action really used, set against what was held for it."""

from typing import Any
from uuid import UUID

from executions.domain import record
from executions.domain.wanted import Usage
from governance.domain import budgets, prices
from governance.domain.verdicts import Effect, Reason, Source
from waxell.lib.db.calls import call


def cost_micros(action: dict[str, Any], usage: Usage) -> int | None:
    """What an action cost in micro-dollars; None where nobody knows.

    By our price list where the model and its tokens are known: what the caller says it cost is then
    only a claim, kept in the entry. Else what the caller says.
    """
    model = usage.model or (action["resource"] if action["kind"] == "model.call" else None)
    if model is not None and usage.tokens is not None:
        priced = prices.cost_micros(model, tokens_in=usage.tokens_in or 0, tokens_out=usage.tokens_out or 0)
        if priced is not None:
            return priced
    return usage.usd_micros


def held(execution_id: UUID, seq: int, states: tuple[str, ...]) -> list[Any]:
    """The reservations of an action that are in one of `states`, with their budgets."""
    return call(
        "SELECT r.id, r.unit, r.amount, r.budget_version, w.member, b.slug, r.state"
        "  FROM governance_reservation r"
        "  JOIN governance_window w ON w.id = r.window_id"
        "  JOIN governance_budget b ON b.id = w.budget_id"
        " WHERE r.execution_id = %s AND r.action_seq = %s AND r.state = ANY(%s::text[])"
        " ORDER BY r.id",
        (execution_id, seq, list(states)),
    )


def settlement(row: Any, cost: int | None, usage: Usage) -> dict[str, Any]:
    """How one reservation ends: with the actual use where it is known, else with what was held."""
    actual = {"usd": cost, "tokens": usage.tokens, "seconds": usage.seconds}.get(row.unit, 1)
    end = budgets.settle(row.amount, actual)
    return {
        "id": row.id,
        "budget": row.slug,
        "version": row.budget_version,
        "member": row.member,
        "unit": row.unit,
        "reserved": row.amount,
        "spent": end.spent,
        "overrun": end.overrun,
        "released": end.released,
        "presumed": end.presumed,
    }


def recorded(row: dict[str, Any]) -> dict[str, Any]:
    """A settlement as an entry carries it."""
    return {name: value for name, value in row.items() if name != "id"}


def answered(row: dict[str, Any]) -> dict[str, Any]:
    """A settlement as REST answers it."""
    amounts = ("reserved", "spent", "overrun", "released")
    answered = {
        name: record.answered_amount(row["unit"], value) if name in amounts else value
        for name, value in recorded(row).items()
    }
    return {**answered, "member": row["member"] or None}


def overrun(row: dict[str, Any]) -> Reason:
    """Why a use above what was reserved stops the execution."""
    return Reason(
        source=Source.BUDGET,
        effect=Effect.HALT,
        code="budget_overrun",
        message=f"More was used of the budget {row['budget']} than had been reserved.",
        budget=row["budget"],
        unit=row["unit"],
        version=row["version"],
        member=row["member"] or None,
        reserved=row["reserved"],
        spent=row["spent"],
        overrun=row["overrun"],
    )
