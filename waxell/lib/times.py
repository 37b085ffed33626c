"""Moments as text and as numbers. Nothing here reads a clock."""

from datetime import UTC, datetime

from waxell.lib.errors import DomainError


class InvalidTime(DomainError):
    """A time is written as RFC 3339 with a zone, for example 2026-03-01T09:30:00Z."""

    code = "invalid_time"
    status = 400


def format_time(moment: datetime) -> str:
    """Return RFC 3339 in UTC with microseconds: `2026-03-01T09:30:00.000000Z`.

    `moment` must carry its zone (ValueError otherwise).
    """
    if moment.tzinfo is None:
        raise ValueError("A moment without a zone cannot be written down.")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def format_time_or_none(moment: datetime | None) -> str | None:
    """Return `format_time(moment)`, or None for None."""
    return None if moment is None else format_time(moment)


def parse_time(value: str) -> datetime:
    """Read RFC 3339 and return the moment in UTC. Raises InvalidTime."""
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None or "T" not in value.upper():
            raise InvalidTime()
        return moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidTime() from error


def epoch_ms(moment: datetime) -> int:
    """Return whole milliseconds since 1970-01-01T00:00:00Z, rounded down."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
