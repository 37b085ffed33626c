"""When a workflow with a cron schedule is due. Pure: the clock comes from outside."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from celery.schedules import ParseException, crontab

# A time missed while nothing swept is caught up once, if it is not longer ago than this.
LOOK_BACK: Final = timedelta(hours=24)
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
# 29 February comes every four years, or after eight where a century's year has none; on a set weekday more rarely.
LOOK_AHEAD_DAYS: Final = 366 * 9


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


def upcoming(schedule: crontab, *, after: datetime, many: int) -> tuple[datetime, ...]:
    """Return the next `many` scheduled minutes after `after`, fewer where there are none within nine years.

    `after` is aware and in the zone whose wall clock the schedule means, and so are the answers.
    """
    found: list[datetime] = []
    midnight = datetime.combine(after.date(), time.min, after.tzinfo)
    for _ in range(LOOK_AHEAD_DAYS):
        if _matches_day(schedule, midnight):
            for hour in sorted(schedule.hour):
                for minute in sorted(schedule.minute):
                    moment = midnight.replace(hour=hour, minute=minute)
                    if moment.astimezone(UTC) > after.astimezone(UTC) and _happens(moment):
                        found.append(moment)
                        if len(found) == many:
                            return tuple(found)
        midnight += DAY
    return tuple(found)


def _happens(moment: datetime) -> bool:
    """Tell whether the wall clock shows this minute: summer time skips an hour."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo).replace(tzinfo=None) == moment.replace(tzinfo=None)


def _matches_day(schedule: crontab, moment: datetime) -> bool:
    return (
        moment.day in schedule.day_of_month
        and moment.month in schedule.month_of_year
        and moment.isoweekday() % 7 in schedule.day_of_week
    )


def _matches(schedule: crontab, moment: datetime) -> bool:
    return moment.minute in schedule.minute and moment.hour in schedule.hour and _matches_day(schedule, moment)
