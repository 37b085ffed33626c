"""Typed reading of a JSON object's fields, for thin views without serializer classes."""

import re
from collections.abc import Collection, Mapping
from uuid import UUID

from waxell.lib import ids, money
from waxell.lib.canonical import MAX_INTEGER
from waxell.lib.errors import DomainError


class InvalidField(DomainError):
    """A field of the body is missing, of the wrong type or out of range."""

    code = "invalid_field"
    status = 400


class UnknownField(DomainError):
    """The body has a field that this address does not know."""

    code = "unknown_field"
    status = 400


class Fields:
    """Reads the fields of one JSON object and, at `finish()`, refuses those nobody asked for.

    Every reader comes in two forms: `text` requires the field, `optional_text` returns None
    where it is absent or null. All raise InvalidField, whose message names the field.
    """

    __slots__ = ("_known", "_path", "_values")

    def __init__(self, values: object, *, path: str = "") -> None:
        if not isinstance(values, Mapping):
            raise InvalidField(f"{path or 'The body'} must be an object.", field=path or None)
        self._values: Mapping[str, object] = values
        self._path = f"{path}." if path else ""
        self._known: set[str] = set()

    def finish(self) -> None:
        """Refuse fields that were never read. Raises UnknownField."""
        unknown = sorted(key for key in self._values if key not in self._known)
        if unknown:
            names = ", ".join(self._path + key[:80] for key in unknown[:5])
            raise UnknownField(f"Unknown: {names}.", fields=[key[:80] for key in unknown[:5]])

    def has(self, name: str) -> bool:
        """Tell whether the field is present and not null."""
        self._known.add(name)
        return self._values.get(name) is not None

    def text(
        self,
        name: str,
        *,
        min_length: int = 1,
        max_length: int = 255,
        pattern: re.Pattern[str] | None = None,
        choices: Collection[str] | None = None,
    ) -> str:
        value = self._required(name)
        if not isinstance(value, str):
            raise self._problem(name, "must be a text")
        if not min_length <= len(value) <= max_length:
            raise self._problem(name, f"must have {min_length} to {max_length} characters")
        if choices is not None and value not in choices:
            raise self._problem(name, f"must be one of {', '.join(sorted(choices))}")
        if pattern is not None and not pattern.fullmatch(value):
            raise self._problem(name, f"must match {pattern.pattern}")
        return value

    def optional_text(
        self,
        name: str,
        *,
        min_length: int = 0,
        max_length: int = 255,
        pattern: re.Pattern[str] | None = None,
        choices: Collection[str] | None = None,
    ) -> str | None:
        if not self.has(name):
            return None
        return self.text(name, min_length=min_length, max_length=max_length, pattern=pattern, choices=choices)

    def integer(self, name: str, *, minimum: int = 0, maximum: int = MAX_INTEGER) -> int:
        value = self._required(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._problem(name, "must be an integer")
        if not minimum <= value <= maximum:
            raise self._problem(name, f"must be from {minimum} to {maximum}")
        return value

    def optional_integer(self, name: str, *, minimum: int = 0, maximum: int = MAX_INTEGER) -> int | None:
        return self.integer(name, minimum=minimum, maximum=maximum) if self.has(name) else None

    def usd(self, name: str) -> int:
        """Read an amount of dollars; returns micro-dollars."""
        try:
            return money.parse_usd(self._required(name))
        except money.InvalidAmount as error:
            raise self._problem(name, "must be a decimal from 0 to 10^9, six places") from error

    def optional_usd(self, name: str) -> int | None:
        return self.usd(name) if self.has(name) else None

    def boolean(self, name: str, *, default: bool | None = None) -> bool:
        if default is not None and not self.has(name):
            return default
        value = self._required(name)
        if not isinstance(value, bool):
            raise self._problem(name, "must be true or false")
        return value

    def uuid(self, name: str) -> UUID:
        try:
            return ids.parse_uuid(self.text(name))
        except ids.InvalidId as error:
            raise self._problem(name, "must be a UUID") from error

    def optional_uuid(self, name: str) -> UUID | None:
        return self.uuid(name) if self.has(name) else None

    def mapping(self, name: str) -> dict[str, object]:
        value = self._required(name)
        if not isinstance(value, dict):
            raise self._problem(name, "must be an object")
        return value

    def optional_mapping(self, name: str) -> dict[str, object] | None:
        return self.mapping(name) if self.has(name) else None

    def nested(self, name: str) -> "Fields | None":
        """Return a reader for an object inside this one, whose `finish()` is the caller's."""
        return Fields(self.mapping(name), path=self._path + name) if self.has(name) else None

    def texts(self, name: str, *, max_items: int = 100, max_length: int = 255) -> tuple[str, ...]:
        """Read a list of texts; absent is empty."""
        if not self.has(name):
            return ()
        values = self._required(name)
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            raise self._problem(name, "must be a list of texts")
        if len(values) > max_items or any(not 1 <= len(item) <= max_length for item in values):
            raise self._problem(name, f"must have at most {max_items} texts of 1 to {max_length} characters")
        return tuple(values)

    def value(self, name: str) -> object | None:
        """Read any JSON value; absent is None."""
        self._known.add(name)
        return self._values.get(name)

    def _required(self, name: str) -> object:
        if not self.has(name):
            raise self._problem(name, "is required")
        return self._values[name]

    def _problem(self, name: str, what: str) -> InvalidField:
        return InvalidField(f"{self._path}{name} {what}.", field=self._path + name)
