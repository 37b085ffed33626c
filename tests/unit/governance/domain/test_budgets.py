"""What counts against which budget, and the arithmetic of reserving and settling."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.domain import budgets
from governance.domain.budgets import Asked, Period, Scope, Unit
from governance.domain.facts import BudgetSeen, Estimate
from governance.domain.kinds import LIFECYCLE_KINDS, Kind
from governance.domain.manifest import BudgetInForce
from governance.domain.verdicts import Effect

amounts = st.integers(0, 10**15)


def ask(unit: str, kind: Kind, estimate: Estimate | None = None, **offers: int) -> Asked | None:
    return budgets.asked(
        unit=unit,
        kind=kind,
        estimate=estimate,
        declared_usd_micros=offers.get("declared"),
        price_usd_micros=offers.get("price"),
        default=offers.get("default"),
    )


@pytest.mark.parametrize("unit", list(Unit))
@pytest.mark.parametrize("kind", list(Kind))
def test_what_counts(unit: Unit, kind: Kind) -> None:
    counts = ask(unit, kind, Estimate(usd_micros=5, tokens=7)) is not None
    expected = {
        Unit.USD: kind not in LIFECYCLE_KINDS,
        Unit.TOKENS: kind not in LIFECYCLE_KINDS,
        Unit.ACTIONS: kind not in LIFECYCLE_KINDS,
        Unit.MODEL_CALLS: kind is Kind.MODEL_CALL,
        Unit.TOOL_CALLS: kind is Kind.TOOL_CALL,
        Unit.EXECUTIONS: kind is Kind.EXECUTION_START,
    }
    assert counts == expected[unit]


def test_usd_takes_the_first_that_is_known() -> None:
    known = {"declared": 2, "price": 3, "default": 4}
    assert ask("usd", Kind.TOOL_CALL, Estimate(usd_micros=0), **known) == Asked(amount=0, source="estimate")
    assert ask("usd", Kind.TOOL_CALL, Estimate(tokens=9), **known) == Asked(amount=2, source="declared")
    assert ask("usd", Kind.MODEL_CALL, None, price=3, default=4) == Asked(amount=3, source="price")
    assert ask("usd", Kind.MODEL_CALL, None, default=4) == Asked(amount=4, source="default")
    with pytest.raises(ValueError, match="default_reservation"):
        ask("usd", Kind.MODEL_CALL)


def test_tokens_count_where_they_are_stated_and_in_model_calls() -> None:
    assert ask("tokens", Kind.TOOL_CALL, None, default=4) is None
    assert ask("tokens", Kind.TOOL_CALL, Estimate(tokens=9), default=4) == Asked(amount=9, source="estimate")
    assert ask("tokens", Kind.MODEL_CALL, None, default=4) == Asked(amount=4, source="default")


@given(amounts, amounts)
def test_a_settlement_balances(reserved: int, actual: int) -> None:
    ended = budgets.settle(reserved, actual)
    assert ended.spent == actual
    assert reserved == ended.spent - ended.overrun + ended.released
    assert min(ended.overrun, ended.released) == 0
    assert not ended.presumed


@given(amounts)
def test_the_unknown_is_presumed_to_be_spent(reserved: int) -> None:
    ended = budgets.settle(reserved, None)
    assert (ended.spent, ended.overrun, ended.released, ended.presumed) == (reserved, 0, 0, True)


@given(st.integers(0, 1000), st.lists(st.tuples(st.integers(0, 60), st.none() | st.integers(0, 90))))
def test_grants_never_take_a_window_over_its_limit(limit: int, uses: list[tuple[int, int | None]]) -> None:
    reserved = spent = overrun = 0
    for amount, actual in uses:
        seen = BudgetSeen(
            budget="b",
            version=1,
            unit="usd",
            member="",
            limit=limit,
            asked=amount,
            on_exceed=Effect.DENY,
            reserved=reserved,
            spent=spent,
            overrun=overrun,
        )
        if budgets.is_short(seen):
            assert reserved + spent - overrun + amount > limit
            continue
        reserved += amount
        assert amount == 0 or reserved + spent - overrun <= limit
        ended = budgets.settle(amount, actual)
        reserved -= amount
        spent += ended.spent
        overrun += ended.overrun


@pytest.mark.parametrize(
    ("scope", "value", "period", "member"),
    [
        ("project", None, "day", ""),
        ("agent", None, "day", "bob"),
        ("agent", "bob", "day", ""),
        ("agent", "carol", "day", None),
        ("workflow", "audit", "per_execution", "x1"),
        ("workflow", "other", "per_execution", None),
        ("execution", None, "once", "x1"),
    ],
)
def test_each_execution_finds_its_window(scope: str, value: str | None, period: str, member: str | None) -> None:
    budget = BudgetInForce(
        slug="b",
        version=1,
        digest="d",
        unit="actions",
        scope=scope,
        scope_value=value,
        period=period,
        limit=1,
    )
    assert budgets.member_of(budget, agent="bob", workflow="audit", execution="x1") == member


def test_every_combination_is_either_valid_or_refused_with_a_reason() -> None:
    impossible = {(unit, Scope.EXECUTION, period) for unit in Unit for period in (Period.DAY, Period.MONTH)}
    impossible |= {(Unit.EXECUTIONS, Scope.EXECUTION, period) for period in Period}
    impossible |= {(Unit.EXECUTIONS, scope, Period.PER_EXECUTION) for scope in Scope}
    for unit, scope, period in product(Unit, Scope, Period):
        if (unit, scope, period) in impossible:
            with pytest.raises(budgets.BudgetShapeInvalid, match=r"no period|within one execution"):
                budgets.check_shape(unit=unit, scope=scope, period=period, default_reservation=1)
        else:
            budgets.check_shape(unit=unit, scope=scope, period=period, default_reservation=1)


@pytest.mark.parametrize(
    "shape",
    [
        {"unit": "euro", "scope": "project", "period": "day"},
        {"unit": "actions", "scope": "project", "period": "day", "scope_value": "x"},
        {"unit": "usd", "scope": "project", "period": "day"},
    ],
)
def test_an_impossible_shape_is_refused(shape: dict[str, str]) -> None:
    with pytest.raises(budgets.BudgetShapeInvalid):
        budgets.check_shape(**shape)
