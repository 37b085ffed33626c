"""Values of a program as JSON: exactly for what is decided on, as well as can be for what came of it."""

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from waxell_client.errors import Unsayable

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 24
# The server takes 256 kB a request; this leaves room for the rest of it.
MAX_TOLD_BYTES = 200_000


def exact(value: object) -> Any:
    """Return `value` as JSON that means the same. Raises Unsayable for what has no such form.

    Decimals, UUIDs, paths, dates and enumerations are told as their text, dataclasses and pydantic
    models as objects.
    """
    return _Exact().walk(value, "the value", 0)


def told(value: object) -> Any:
    """Return `value` as JSON for a record; what cannot be told is named in its place. Never raises.

    An action that was done must be reported, whatever it returned.
    """
    found = _Told().walk(value, "", 0)
    size = len(encode(found))
    return found if size <= MAX_TOLD_BYTES else {"left_out": f"{size} bytes of {_type(value)}"}


def encode(value: object) -> bytes:
    """The bytes of a JSON value."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


class _Exact:
    def walk(self, value: object, where: str, depth: int) -> Any:
        if depth > MAX_DEPTH:
            return self.deep(where)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Enum):
            return self.walk(value.value, where, depth)
        if isinstance(value, int):
            return int(value) if abs(value) <= MAX_INTEGER else self.large(value, where)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else self.unsayable(value, where)
        if isinstance(value, str):
            return self.text(str(value), where)
        if isinstance(value, Mapping):
            return {
                self.name(key, where): self.walk(item, f"{where}[{key!r}]", depth + 1) for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.walk(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(value)]
        return self.other(value, where, depth)

    def other(self, value: object, where: str, depth: int) -> Any:
        if isinstance(value, Decimal):
            return format(value, "f") if value.is_finite() else self.unsayable(value, where)
        if isinstance(value, date | time):
            return value.isoformat()
        if isinstance(value, UUID | PurePath):
            return self.text(str(value), where)
        if isinstance(value, timedelta):
            return value.total_seconds()
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            return self.walk(fields, where, depth)
        dump = getattr(value, "model_dump", None)
        if callable(dump) and not isinstance(value, type):
            return self.walk(dump(mode="json"), where, depth)
        return self.unsayable(value, where)

    def name(self, key: object, where: str) -> str:
        if not isinstance(key, str):
            raise Unsayable(f"{where} has the key {key!r}, and keys are texts in JSON.")
        return self.text(key, where)

    def text(self, value: str, where: str) -> str:
        if not _is_clean(value):
            raise Unsayable(f"{where} has NUL or half a surrogate pair in a text.")
        return value

    def large(self, value: int, where: str) -> Any:
        raise Unsayable(f"{where} is {value}, and whole numbers end at 2^53-1 in JSON: tell it as a text.")

    def deep(self, where: str) -> Any:
        raise Unsayable(f"{where} is nested more than {MAX_DEPTH} deep.")

    def unsayable(self, value: object, where: str) -> Any:
        raise Unsayable(f"{where} is a {_type(value)}, which has no form in JSON; say with told=… what to tell of it.")


class _Told(_Exact):
    def other(self, value: object, where: str, depth: int) -> Any:
        if isinstance(value, set | frozenset):
            return self.walk(list(value), where, depth)
        try:
            return super().other(value, where, depth)
        except Exception:
            # Somebody else's model_dump or property: what it raises is no reason to lose the report.
            return self.unsayable(value, where)

    def name(self, key: object, where: str) -> str:
        return self.text(key if isinstance(key, str) else _type(key), where)

    def text(self, value: str, where: str) -> str:
        if _is_clean(value):
            return value
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()

    def large(self, value: int, where: str) -> Any:
        return hex(value)

    def deep(self, where: str) -> Any:
        return {"left_out": "nested too deep"}

    def unsayable(self, value: object, where: str) -> Any:
        return {"left_out": _type(value)}


def _is_clean(text: str) -> bool:
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _type(value: object) -> str:
    return type(value).__qualname__
