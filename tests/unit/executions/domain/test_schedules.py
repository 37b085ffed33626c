from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from executions.domain.schedules import ScheduleInvalid, latest_due, parse, upcoming

VIENNA = ZoneInfo("Europe/Vienna")
NOON = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)  # a Monday


def test_latest_due_is_the_newest_scheduled_minute_since_the_last() -> None:
    due = latest_due(parse("*/20 * * * *"), after=NOON - timedelta(hours=1), now=NOON)
    assert due == NOON.replace(second=0)


def test_nothing_is_due_twice() -> None:
    assert latest_due(parse("0 12 * * *"), after=NOON.replace(second=0), now=NOON) is None


def test_several_missed_minutes_are_one() -> None:
    due = latest_due(parse("0 * * * *"), after=NOON - timedelta(hours=5), now=NOON + timedelta(minutes=10))
    assert due == NOON.replace(second=0)


def test_what_was_missed_for_more_than_a_day_is_forgotten() -> None:
    assert latest_due(parse("30 11 1 3 *"), after=NOON - timedelta(days=30), now=NOON) is None


@pytest.mark.parametrize(("day", "due"), [("1", True), ("0", False), ("mon-fri", True)])
def test_days_of_the_week_count_from_sunday(day: str, due: bool) -> None:
    found = latest_due(parse(f"0 12 * * {day}"), after=NOON - timedelta(minutes=5), now=NOON)
    assert (found is not None) is due


def test_the_wall_clock_of_the_zone_counts() -> None:
    now = datetime(2026, 7, 1, 3, 0, 5, tzinfo=VIENNA)
    due = latest_due(parse("0 3 * * *"), after=now - timedelta(hours=1), now=now)
    assert due is not None
    assert due.astimezone(UTC) == datetime(2026, 7, 1, 1, 0, tzinfo=UTC)


def test_an_hour_that_summer_time_skips_does_not_happen() -> None:
    now = datetime(2026, 3, 29, 4, 0, tzinfo=VIENNA)
    assert latest_due(parse("30 2 * * *"), after=now - timedelta(hours=3), now=now) is None


@pytest.mark.parametrize("text", ["", "* * * *", "61 * * * *", "a b c d e"])
def test_anything_else_is_no_schedule(text: str) -> None:
    with pytest.raises(ScheduleInvalid):
        parse(text)


def test_upcoming_are_the_next_minutes_in_order() -> None:
    after = datetime(2026, 11, 20, 12, 30, tzinfo=VIENNA)

    found = upcoming(parse("30 6,12 * * mon-fri"), after=after, many=3)

    assert [moment.isoformat(timespec="minutes") for moment in found] == [
        "2026-11-23T06:30+01:00",
        "2026-11-23T12:30+01:00",
        "2026-11-24T06:30+01:00",
    ]


def test_upcoming_leaves_out_what_summer_time_skips() -> None:
    after = datetime(2026, 3, 28, 12, 0, tzinfo=VIENNA)

    (found,) = upcoming(parse("30 2 * * *"), after=after, many=1)

    assert found.isoformat(timespec="minutes") == "2026-03-30T02:30+02:00"


def test_upcoming_finds_leap_days() -> None:
    after = datetime(2026, 1, 1, tzinfo=VIENNA)

    assert [moment.year for moment in upcoming(parse("0 0 29 2 *"), after=after, many=2)] == [2028, 2032]


def test_a_day_that_never_comes_is_no_schedule() -> None:
    with pytest.raises(ScheduleInvalid):
        parse("0 0 31 2 *")
