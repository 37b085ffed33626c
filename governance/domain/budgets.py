"""What counts against which budget, how much an action reserves, and how it is settled."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from governance.domain.facts import BudgetSeen, Estimate
from governance.domain.kinds import LIFECYCLE_KINDS, Kind
from governance.domain.manifest import BudgetInForce
from waxell.lib.errors import DomainError


class Unit(StrEnum):
    """What is counted; `usd` is counted in micro-dollars."""

    USD = "usd"
    TOKENS = "tokens"
    ACTIONS = "actions"
    MODEL_CALLS = "model_calls"
    TOOL_CALLS = "tool_calls"
    EXECUTIONS = "executions"


class Scope(StrEnum):
    PROJECT = "project"
    AGENT = "agent"
    WORKFLOW = "workflow"
    EXECUTION = "execution"


class Period(StrEnum):
    ONCE = "once"
    PER_EXECUTION = "per_execution"
    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"


class BudgetShapeInvalid(DomainError):
    """This combination of unit, scope and period makes no budget."""

    code = "budget_shape_invalid"
    status = 422


VALID_PERIODS: Final[dict[Scope, frozenset[Period]]] = {
    Scope.PROJECT: frozenset(Period),
    Scope.AGENT: frozenset(Period),
    Scope.WORKFLOW: frozenset(Period),
    # Each execution has windows of its own: it ends long before a day or a month is of interest.
    Scope.EXECUTION: frozenset({Period.ONCE, Period.PER_EXECUTION, Period.MINUTE}),
}
"""The periods that a scope may have. `executions` cannot be counted within one execution."""

NEEDS_DEFAULT: Final = frozenset({Unit.USD, Unit.TOKENS})
"""Units of which an action may say nothing: such a budget names a `default_reservation`."""

COUNTED: Final[dict[Unit, frozenset[Kind]]] = {
    Unit.USD: frozenset(Kind) - LIFECYCLE_KINDS,
    Unit.TOKENS: frozenset(Kind) - LIFECYCLE_KINDS,
    Unit.ACTIONS: frozenset(Kind) - LIFECYCLE_KINDS,
    Unit.MODEL_CALLS: frozenset({Kind.MODEL_CALL}),
    Unit.TOOL_CALLS: frozenset({Kind.TOOL_CALL}),
    Unit.EXECUTIONS: frozenset({Kind.EXECUTION_START}),
}
"""The kinds that count in a unit. In tokens, only model calls and what states an estimate do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an action reserves, and where the number is from."""

    amount: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How a reservation ends. `spent` is the whole use, of which `overrun` was not reserved."""

    spent: int
    overrun: int
    released: int
    presumed: bool


def check_shape(
    *,
    unit: str,
    scope: str,
    period: str,
    scope_value: str | None = None,
    default_reservation: int | None = None,
) -> None:
    """Refuse a budget that could never work. Raises BudgetShapeInvalid with the reason."""
    try:
        known = (Unit(unit), Scope(scope), Period(period))
    except ValueError as error:
        raise BudgetShapeInvalid(f"{error}.") from error
    if known[2] not in VALID_PERIODS[known[1]]:
        raise BudgetShapeInvalid(f"The scope {scope} has no period {period}.")
    within_execution = known[1] is Scope.EXECUTION or known[2] is Period.PER_EXECUTION
    if known[0] is Unit.EXECUTIONS and within_execution:
        raise BudgetShapeInvalid("Executions cannot be counted within one execution.")
    if known[1] in (Scope.PROJECT, Scope.EXECUTION) and scope_value is not None:
        raise BudgetShapeInvalid(f"The scope {scope} takes no value.")
    if known[0] in NEEDS_DEFAULT and default_reservation is None:
        raise BudgetShapeInvalid(f"A budget in {unit} needs a default_reservation.")


def member_of(budget: BudgetInForce, *, agent: str, workflow: str, execution: str) -> str | None:
    """Return the key of the window's member that an execution belongs to.

    `""` is the single member of a project's or a named value's budget. None: does not apply.
    """
    value = {Scope.AGENT: agent, Scope.WORKFLOW: workflow}.get(Scope(budget.scope))
    if budget.scope_value is not None and value != budget.scope_value:
        return None
    if budget.period == Period.PER_EXECUTION or budget.scope == Scope.EXECUTION:
        return execution
    return value if value is not None and budget.scope_value is None else ""


def asked(
    *,
    unit: str,
    kind: Kind,
    estimate: Estimate | None,
    declared_usd_micros: int | None,
    price_usd_micros: int | None,
    default: int | None,
) -> Asked | None:
    """Return what an action of `kind` reserves in `unit`; None where it does not count.

    In `usd`: the agent's estimate, else the tool's declared cost, else the model's price for its
    largest answer, else the budget's default. In `tokens`: the estimate, else for a model call
    the default. In every other unit: one. Raises ValueError without a default where one is needed.
    """
    known = Unit(unit)
    if kind not in COUNTED[known]:
        return None
    offers: tuple[tuple[int | None, str], ...]
    if known is Unit.USD:
        stated = estimate.usd_micros if estimate else None
        offers = (
            (stated, "estimate"),
            (declared_usd_micros, "declared"),
            (price_usd_micros, "price"),
            (default, "default"),
        )
    elif known is Unit.TOKENS:
        stated = estimate.tokens if estimate else None
        if stated is None and kind is not Kind.MODEL_CALL:
            return None
        offers = ((stated, "estimate"), (default, "default"))
    else:
        return Asked(amount=1, source="count")
    for amount, source in offers:
        if amount is not None:
            return Asked(amount=amount, source=source)
    raise ValueError(f"A budget in {unit} has no default_reservation.")


def is_short(seen: BudgetSeen) -> bool:
    """Tell whether the window cannot bear what is asked.

    An overrun was billed without having been reserved: it is spent, but it does not count against
    what may still be reserved.
    """
    used = seen.reserved + seen.spent - seen.overrun
    return seen.asked > 0 and used + seen.asked > seen.limit + seen.extra


def settle(reserved: int, actual: int | None) -> Settlement:
    """End a reservation. `actual` None is unknown: the reserved amount is presumed to be spent."""
    if actual is None:
        return Settlement(spent=reserved, overrun=0, released=0, presumed=True)
    return Settlement(
        spent=actual,
        overrun=max(0, actual - reserved),
        released=max(0, reserved - actual),
        presumed=False,
    )
