"""Cedar written from values, so that no value can end its literal and become something else."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Words of the grammar are no names of attributes.
_WORDS: Final = frozenset(("true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar"))
_ESCAPED: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def text(value: str) -> str:
    """Return a string literal."""
    return '"' + "".join(_character(char) for char in value) + '"'


def pattern(ends: str) -> str:
    """Return what `like` takes for texts that end so."""
    return like(["Wildcard", *({"Literal": char} for char in ends)])


def like(items: Iterable[str | Mapping[str, str]]) -> str:
    """Return what `like` takes, from Cedar's JSON form: `"Wildcard"`, and `{"Literal": …}` for a character."""
    parts = ["*" if isinstance(item, str) else _literal(item["Literal"]) for item in items]
    return '"' + "".join(parts) + '"'


def entity(kind: str, name: str) -> str:
    return f"{kind}::{text(name)}"


def entities(kind: str, names: Iterable[str]) -> list[str]:
    return [entity(kind, name) for name in names]


def within(subject: str, written: list[str]) -> str:
    """Return the condition that `subject` is one of some entities, or in one."""
    return f"{subject} in {written[0]}" if len(written) == 1 else f"{subject} in [{', '.join(written)}]"


def attribute(record: str, name: str) -> str:
    """Return how an attribute of a record is read."""
    return f"{record}.{name}" if _is_plain(name) else f"{record}[{text(name)}]"


def presence(record: str, name: str) -> str:
    """Return the condition that a record has an attribute."""
    return f"{record} has {name if _is_plain(name) else text(name)}"


def decimal(value: Decimal) -> str:
    """Return a decimal of at most four places, which is what Cedar holds. Raises ValueError beyond them."""
    return f'decimal("{digits(value)}")'


def digits(value: Decimal) -> str:
    """Return the digits of a decimal as Cedar wants them, with one to four places. Raises ValueError beyond them."""
    exact = value.quantize(Decimal("0.0001"))
    if exact != value:
        raise ValueError("Cedar's decimals have at most four places.")
    whole, _, places = format(exact, "f").partition(".")
    return f"{whole}.{places.rstrip('0') or '0'}"


def _is_plain(name: str) -> bool:
    return bool(_PLAIN.fullmatch(name)) and name not in _WORDS


def _literal(text: str) -> str:
    return "".join(r"\*" if char == "*" else _character(char) for char in text)


def _character(char: str) -> str:
    if char in _ESCAPED:
        return _ESCAPED[char]
    return char if char.isprintable() else f"\\u{{{ord(char):x}}}"
