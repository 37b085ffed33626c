"""Causes outside the policies: kill orders, the execution's own life, budgets."""

from collections.abc import Iterable, Iterator

from governance.domain import budgets
from governance.domain.facts import BudgetSeen, Facts
from governance.domain.manifest import KillOrderInForce
from governance.domain.verdicts import Effect, Reason, Source


def kill_reasons(orders: Iterable[KillOrderInForce], facts: Facts) -> Iterator[Reason]:
    """Yield a reason for each kill order that the facts fall under."""
    for order in orders:
        if _hits(order, facts):
            yield _killed(order.id, f"A kill order on this {order.scope} is in force.")
    for identity in facts.lifecycle.kill_orders:
        yield _killed(identity, "A kill order on this execution is in force.")


def _hits(order: KillOrderInForce, facts: Facts) -> bool:
    resource = (facts.resource.type, facts.resource.id)
    match order.scope:
        case "all" | "project":
            return True
        case "team":
            return order.value in facts.principal.teams
        case "agent":
            return order.value == facts.principal.slug
        case "workflow":
            return order.value == facts.execution.workflow
        case "tool":
            return resource == ("Tool", order.value)
        case "model":
            return resource == ("Model", order.value)
        case "end_user":
            return order.value == facts.execution.end_user
        case "execution":
            return order.value == facts.execution.id
        case _:
            # An order that this release does not know stops everything rather than nothing.
            return True


def _killed(identity: str, message: str) -> Reason:
    return Reason(
        source=Source.KILL_ORDER,
        effect=Effect.HALT,
        code="killed",
        message=message,
        kill_order=identity,
    )


def lifecycle_reasons(facts: Facts) -> Iterator[Reason]:
    """Yield a reason for each thing that ends the execution whatever it asks."""
    ended = facts.lifecycle
    causes = (
        (ended.cancel_requested, "cancel_requested", "A person cancelled this execution."),
        (ended.deadline_passed, "deadline_passed", "The execution's deadline has passed."),
        (ended.ancestor_ended, "ancestor_ended", "The execution that started this one has ended."),
        (ended.refusals_exhausted, "too_many_refusals", "Too many actions were refused."),
    )
    for applies, code, message in causes:
        if applies:
            yield Reason(source=Source.LIFECYCLE, effect=Effect.HALT, code=code, message=message)


def budget_reasons(seen: Iterable[BudgetSeen]) -> Iterator[Reason]:
    """Yield a reason for each window that cannot bear what is asked of it."""
    return (_shortage(window) for window in seen if budgets.is_short(window))


def _shortage(seen: BudgetSeen) -> Reason:
    return Reason(
        source=Source.BUDGET,
        effect=seen.on_exceed,
        code="budget_exceeded",
        message=f"The budget {seen.budget} does not have enough left.",
        budget=seen.budget,
        unit=seen.unit,
        version=seen.version,
        member=seen.member or None,
        limit=seen.limit,
        extra=seen.extra or None,
        reserved=seen.reserved,
        spent=seen.spent,
        overrun=seen.overrun or None,
        asked=seen.asked,
    )
