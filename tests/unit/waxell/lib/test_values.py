"""Money, times and ids: each has one written form."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxell.lib import ids, money, times


@given(st.integers(0, money.MAX_USD_MICROS))
def test_money_survives_being_written_and_read(micros: int) -> None:
    assert money.parse_usd(money.format_usd(micros)) == micros


@given(st.integers(0, money.MAX_USD_MICROS))
def test_money_as_a_json_number_is_the_decimal_its_author_typed(micros: int) -> None:
    assert money.parse_usd(float(money.format_usd(micros))) == micros


@pytest.mark.parametrize(
    "value",
    [
        *("", "-1", "+1", "1e3", "1.0000001", "NaN", "1,5", " 1", "1000000000.000001", "\u0663"),
        *(True, None, -0.01, 1e-7, float("inf"), float("nan"), 10**9 + 1, Decimal("sNaN"), [1]),
    ],
)
def test_money_out_of_shape_is_refused(value: object) -> None:
    with pytest.raises(money.InvalidAmount):
        money.parse_usd(value)


def test_fractions_of_a_micro_dollar_are_rounded_up() -> None:
    assert money.round_up(Decimal("0.0000001")) == 1
    assert money.round_up(Decimal("1.5")) == 1_500_000
    assert money.round_up(Decimal("12345678901234567890.0000001")) == 12345678901234567890000001


def test_money_shows_two_to_six_places() -> None:
    shown = [money.format_usd(micros) for micros in (0, 1, 1_234_500, 10_000_000, -2_500_000)]
    assert shown == ["0.00", "0.000001", "1.2345", "10.00", "-2.50"]


@given(st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=45)))))
def test_times_survive_being_written_and_read(moment: datetime) -> None:
    if moment.year in (1, 9999):
        return
    written = times.format_time(moment)
    assert written.endswith("Z")
    assert len(written) == len("2026-03-01T09:30:00.000000Z")
    assert times.parse_time(written) == moment


@pytest.mark.parametrize("value", ["", "2026-03-01", "2026-03-01T09:30:00", "now", "2026-13-01T0Z"])
def test_times_without_a_zone_or_sense_are_refused(value: str) -> None:
    with pytest.raises(times.InvalidTime):
        times.parse_time(value)


def test_milliseconds_are_rounded_down() -> None:
    assert times.epoch_ms(datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC)) == 1999


def test_ids_sort_by_time_and_carry_it() -> None:
    made = [ids.uuid7() for _ in range(200)]
    assert made == sorted(made)
    assert {value.version for value in made} == {7}
    assert abs(ids.made_at(made[0]) - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("value", ["", "12", "{01a20ab4-95a1-76fe-89b5-8ace3c9f1d14}", "x" * 36])
def test_ids_have_one_written_form(value: str) -> None:
    with pytest.raises(ids.InvalidId):
        ids.parse_uuid(value)
