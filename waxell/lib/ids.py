"""Identifiers that sort by the time they were made."""

import secrets
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7

from waxell.lib.errors import DomainError


class InvalidId(DomainError):
    """This is not an identifier of ours."""

    code = "invalid_id"
    status = 400


def uuid7() -> UUID:
    """Return a new UUIDv7 (RFC 9562): milliseconds first, then random bits."""
    made: UUID = _uuid7()
    return made


def parse_uuid(value: str) -> UUID:
    """Read a UUID in its usual 36 characters. Raises InvalidId."""
    try:
        parsed = UUID(value)
    except (ValueError, AttributeError, TypeError) as error:
        raise InvalidId() from error
    if str(parsed) != value.lower():
        raise InvalidId()
    return parsed


def made_at(value: UUID) -> datetime:
    """Return the moment, to the millisecond, that a UUIDv7 carries."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC)


def nonce() -> str:
    """Return 16 random bytes as 32 hexadecimal digits."""
    return secrets.token_hex(16)
