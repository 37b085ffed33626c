"""Reading bodies strictly: nothing is converted, nothing unknown is passed over."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from waxell.lib import money
from waxell.lib.canonical import MAX_INTEGER
from waxell.lib.fields import InvalidField, UnknownField

SLUG: Final = RegexValidator(r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,62}\Z")
NAME: Final = RegexValidator(r"\A[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}\Z")


class Text(serializers.CharField):
    """A JSON string, kept as it is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **{"max_length": 255, **options})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class Choice(serializers.ChoiceField):
    """One of some JSON strings."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", input=str(data)[:80])
        return str(data)


class Integer(serializers.IntegerField):
    """A JSON integer from 0 to 2^53-1, or in the narrower bounds given."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": MAX_INTEGER, **options})

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class Flag(serializers.BooleanField):
    """A JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=str(data)[:80])
        return data


@extend_schema_field(
    {"oneOf": [{"type": "string", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,6})?$"}, {"type": "number", "minimum": 0}]}
)
class Amount(serializers.Field[Any, Any, Any, Any]):
    """An amount in a budget's unit: decimal dollars for usd, else an integer. `read_amount` tells which."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, str | int | float):
            raise serializers.ValidationError("This is no amount.")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"type": "object", "additionalProperties": True})
class Document(serializers.Field[Any, Any, Any, Any]):
    """Any JSON object."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("This is no object.")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class Texts(serializers.ListField):
    """A list of JSON strings."""

    def __init__(self, *, child: serializers.Field[Any, Any, Any, Any] | None = None, **options: Any) -> None:
        super().__init__(child=child or Text(max_length=63), **{"max_length": 100, **options})

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        return super().to_internal_value(data)


class Input(serializers.Serializer[Any]):
    """The body of a request; refuses fields that it does not name."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(set(data) - set(self.fields))):
            named = [name[:80] for name in unknown[:5]]
            raise UnknownField(f"Unknown: {', '.join(named)}.", fields=named)
        return super().to_internal_value(data)


def read(request: Request, kind: type[Input]) -> dict[str, Any]:
    """Return the fields of a request's body. Raises InvalidField, UnknownField."""
    given = kind(data=request.data)
    if not given.is_valid():
        path, message = _first_problem(given.errors)
        raise InvalidField(f"{path or 'The body'}: {message}", field=path or None)
    return dict(given.validated_data)


def read_amount(value: object, unit: str, *, field: str) -> int:
    """Return an amount in `unit`, dollars as micro-dollars. Raises InvalidField."""
    if unit == "usd":
        try:
            return money.parse_usd(value)
        except money.InvalidAmount as error:
            raise InvalidField(f"{field}: {error}", field=field) from error
    if not isinstance(value, int) or not 0 <= value <= MAX_INTEGER:
        raise InvalidField(f"{field}: {unit} are counted in integers from 0 to 2^53-1.", field=field)
    return value


def _first_problem(errors: Any, path: str = "") -> tuple[str, str]:
    """Return where the first error is and what it says; lists of fields are keyed by index."""
    if isinstance(errors, Mapping):
        name, inner = next(iter(errors.items()))
        step = "" if name == "non_field_errors" else str(name)
        return _first_problem(inner, ".".join(part for part in (path, step) if part))
    if isinstance(errors, list):
        found = next(((index, error) for index, error in enumerate(errors) if error), (0, ""))
        inner = found[1]
        return (path, str(inner)) if isinstance(inner, str) else _first_problem(inner, f"{path}[{found[0]}]")
    return path, re.sub(r"\s+", " ", str(errors))
