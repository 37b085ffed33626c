"""When a workflow with a cron schedule is due. Pure: the clock comes from outside."""

from datetime import UTC, datetime, timedelta
from typing import Final

from celery.schedules import ParseException, crontab

# A time missed while nothing swept is caught up once, if it is not longer ago than this.
LOOK_BACK: Final = timedelta(hours=24)
MINUTE: Final = timedelta(minutes=1)


class ScheduleInvalid(ValueError):
    """A schedule has five cron fields: minute, hour, day of month, month, day of week."""


def parse(text: str) -> crontab:
    """Read five cron fields. Raises ScheduleInvalid."""
    try:
        return crontab.from_string(text)
    except (ParseException, ValueError) as error:
        raise ScheduleInvalid(f"{text!r}: {error}") from error


def latest_due(schedule: crontab, *, after: datetime, now: datetime) -> datetime | None:
    """Return the newest scheduled minute in (`after`, `now`]; None when there is none.

    Both are aware and in the zone whose wall clock the schedule means. Day of month and day of week
    must both match. A wall-clock minute that summer time skips does not happen.
    """
    minute = now.replace(second=0, microsecond=0)
    oldest = max(after, now - LOOK_BACK)
    while minute > oldest:
        if _matches(schedule, minute):
            return minute
        # Through UTC, because adding to local time ignores changes of the clock.
        minute = (minute.astimezone(UTC) - MINUTE).astimezone(now.tzinfo)
    return None


def _matches(schedule: crontab, moment: datetime) -> bool:
    return (
        moment.minute in schedule.minute
        and moment.hour in schedule.hour
        and moment.day in schedule.day_of_month
        and moment.month in schedule.month_of_year
        and moment.isoweekday() % 7 in schedule.day_of_week
    )
