"""JSON as strangers send it, read so that nothing surprising gets past.

`json.loads` accepts NaN, duplicate keys, lone surrogates and NUL; orjson accepts duplicate keys
and turns huge integers into floats. All of them are refused here, before anything is written.
The fast road is orjson plus one walk over the values; whatever the walk cannot vouch for takes
the slow road through `json`, which also says what is wrong.
"""

import json
import math
import re
from typing import Final, NoReturn

import orjson

from waxell.lib.canonical import MAX_INTEGER
from waxell.lib.errors import DomainError

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 32

_KEY_END = re.compile(rb'"\s*:')
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_LONG_NUMBER = re.compile(rb"[0-9]{16}")
_SURROGATE = re.compile("[\ud800-\udfff]")


class MalformedJson(DomainError):
    """The body is not acceptable JSON."""

    code = "malformed_json"
    status = 400


class PayloadTooLarge(DomainError):
    """The body is larger than this address accepts."""

    code = "payload_too_large"
    status = 413


class UnsupportedMediaType(DomainError):
    """Send the body as application/json in UTF-8."""

    code = "unsupported_media_type"
    status = 415


def parse(body: bytes, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> object:
    """Return the value that `body` (UTF-8) stands for.

    Raises PayloadTooLarge beyond `max_bytes`, MalformedJson for everything else: bad syntax or
    encoding, more than `max_depth` levels, duplicate keys, NUL, lone surrogates, NaN, Infinity,
    integers beyond 2**53-1.
    """
    if len(body) > max_bytes:
        raise PayloadTooLarge(f"At most {max_bytes} bytes are accepted.")
    if rb"\u0000" not in body and not _LONG_NUMBER.search(body):
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            # Only the slow road tells a syntax error from a limit, with the same words each time.
            return _parse_slowly(body, max_depth, error)
        if _count_keys(value, max_depth) == len(_KEY_END.findall(body)):
            return value
    return _parse_slowly(body, max_depth, None)


def check_media_type(content_type: str) -> None:
    """Refuse a Content-Type header that is not JSON in UTF-8. Raises UnsupportedMediaType."""
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower() != "application/json":
        raise UnsupportedMediaType()
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(' "').lower() not in ("utf-8", "utf8"):
            raise UnsupportedMediaType()


def _count_keys(value: object, max_depth: int) -> int:
    """Return the number of keys in all objects; -1 where the slow road must look."""
    keys = depth = 0
    level: list[object] = [value]
    while level:
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                keys += len(item)
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
            else:
                if isinstance(item, float) and not math.isfinite(item):
                    return -1
                continue
            if depth == max_depth:
                return -1
        level = inner
        depth += 1
    return keys


def _parse_slowly(body: bytes, max_depth: int, fast_error: ValueError | None) -> object:
    _check_depth(body, max_depth)
    try:
        value: object = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_read_integer,
            parse_float=_read_float,
        )
    except UnicodeDecodeError as error:
        raise MalformedJson("The body is not UTF-8.") from error
    except json.JSONDecodeError as error:
        raise MalformedJson(f"Line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except RecursionError as error:
        raise MalformedJson(f"More than {max_depth} levels.") from error
    _check_texts(value)
    if fast_error is not None:
        # Two parsers disagree about the same bytes: the stricter one is believed.
        raise MalformedJson("The body is not strict JSON.") from fast_error
    return value


def _check_depth(body: bytes, max_depth: int) -> None:
    """Refuse deep nesting before a recursive parser sees it."""
    depth = 0
    for byte in _STRING.sub(b"", body):
        if byte in b"[{":
            depth += 1
            if depth > max_depth:
                raise MalformedJson(f"More than {max_depth} levels.")
        elif byte in b"]}":
            depth -= 1


def _check_texts(value: object) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "\x00" in item:
                raise MalformedJson("A text contains NUL.")
            if _SURROGATE.search(item):
                raise MalformedJson("A text contains half of a surrogate pair.")
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made: dict[str, object] = {}
    for key, value in pairs:
        if key in made:
            raise MalformedJson(f"The key {key[:80]!r} occurs twice.")
        made[key] = value
    return made


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJson(f"{name} is not a JSON number.")


def _read_integer(digits: str) -> int:
    if len(digits) <= 17 and abs(value := int(digits)) <= MAX_INTEGER:
        return value
    raise MalformedJson("An integer is larger than 9007199254740991.")


def _read_float(digits: str) -> float:
    if math.isfinite(value := float(digits)):
        return value
    raise MalformedJson("A number is too large.")
