"""Pages of a list by keyset: a cursor names the last item seen, so deep pages cost what the first does."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet

from waxell.lib import times
from waxell.lib.errors import DomainError

MAX_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50


class CursorInvalid(DomainError):
    """The cursor is not one that this list gave out."""

    code = "cursor_invalid"
    status = 400


class LimitInvalid(DomainError):
    """A page has 1 to 200 items."""

    code = "limit_invalid"
    status = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Page[Row: Model]:
    """Some items of a list, and the cursor of the next page; None at the end."""

    items: list[Row]
    next: str | None


def page[Row: Model](
    queryset: QuerySet[Row],
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
    key: tuple[str, ...] = ("created_at", "id"),
    descending: bool = False,
) -> Page[Row]:
    """Return one page in the order of `key`, fields whose values together are unique and not null.

    Raises CursorInvalid, LimitInvalid.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise LimitInvalid()
    found = queryset.order_by(*(f"-{name}" if descending else name for name in key))
    if cursor is not None:
        found = found.filter(_after(queryset.model, key, cursor, "lt" if descending else "gt"))
    items = list(found[: limit + 1])
    more = len(items) > limit
    items = items[:limit]
    return Page(items=items, next=_cursor(items[-1], key) if more else None)


def parse_limit(value: str | None) -> int:
    """Read the `limit` of a request; absent is the default. Raises LimitInvalid."""
    if value is None:
        return DEFAULT_LIMIT
    if not (value.isascii() and value.isdecimal() and len(value) <= 3):
        raise LimitInvalid()
    return int(value)


def _cursor(row: Model, key: tuple[str, ...]) -> str:
    values = [getattr(row, name) for name in key]
    written = [times.format_time(value) if hasattr(value, "tzinfo") else str(value) for value in values]
    return base64.urlsafe_b64encode(orjson.dumps(written)).decode().rstrip("=")


def _after(model: type[Model], key: tuple[str, ...], cursor: str, compare: str) -> Q:
    """Return the condition `key > values`, spelt out so that every field may have its own type."""
    condition, equal = Q(), Q()
    for name, value in _values(model, key, cursor).items():
        condition |= equal & Q(**{f"{name}__{compare}": value})
        equal &= Q(**{name: value})
    return condition


def _values(model: type[Model], key: tuple[str, ...], cursor: str) -> Mapping[str, Any]:
    try:
        written = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if len(written) != len(key) or not all(isinstance(value, str) and "\x00" not in value for value in written):
            raise ValueError(cursor)
        fields: list[Field[Any, Any]] = [model._meta.get_field(name) for name in key]  # type: ignore[misc]
        return {name: field.clean(value, None) for name, field, value in zip(key, fields, written, strict=True)}
    except (ValueError, TypeError, OverflowError, ValidationError) as error:
        raise CursorInvalid() from error
