"""Where in a rule a mistake is: the engine says what is wrong and never where.

A token that the grammar did not expect is found by asking the engine again with a foreign token put
in: before the mistake it is the foreign one that is refused, behind it the old one. Everything else
is found by the words that the message quotes.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from itertools import islice
from typing import Final

import cedarpy

_TOKEN: Final = re.compile(
    r"""
    (?P<blank>\s+|//[^\n]*)
  | (?P<string>"(?:[^"\\]|\\.)*+")
  | (?P<word>\w+)
  | (?P<sign>&&|\|\||::|[=!<>]=)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED: Final = re.compile(r"`([^`]+)`|(\w+ \"[^\"]*\")|(@\w+)|(?:effect|used): (\w+)")
# One of them is out of place wherever the other one would be in place.
_FOREIGN: Final = (" ?x ", " = ")


_MOST_PARTS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line and a column, both from 1; columns count characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    text: str
    start: int
    end: int


def of_mistake(text: str, message: str) -> Place:
    """Return where the engine stumbles in the text of one rule; `message` is what it says.

    The text has passed `cedar_text.split`, which keeps the engine's parser within its stack.
    """
    tokens = _tokens(text)
    if not tokens:
        return Place(line=1, column=1)
    if message.startswith("unexpected token"):
        return _place(text, tokens[_unexpected(text, tokens, message)].start)
    if message == "unexpected end of input":
        return _place(text, tokens[-1].end)
    if message == "invalid token":
        # The part up to a token is refused for the same reason only from the mistake on.
        at = bisect_left(range(len(tokens)), True, key=lambda n: _complaint(text[: tokens[n].end]) == message)
        return _place(text, tokens[min(at, len(tokens) - 1)].start)
    return of_words(text, message)


def of_words(text: str, message: str) -> Place:
    """Return where the first words stand that a message quotes; else the head of the rule."""
    tokens = _tokens(text)
    for found in _QUOTED.finditer(message):
        wanted = next(group for group in found.groups() if group)
        at = _find(tokens, wanted)
        if at is not None:
            return _place(text, at)
    return _place(text, _head(tokens))


def of_part(text: str, message: str, complaints: Callable[[str], Set[str]]) -> Place | None:
    """Return where that part of a condition stands without which `message` is no longer among the complaints.

    None where there is no such part. `complaints` is asked for each part of the rule, up to a number.
    """
    for start, end in islice(_parts(_tokens(text)), _MOST_PARTS):
        if message not in complaints(f"{text[:start]}true{text[end:]}"):
            return _place(text, start)
    return None


def _parts(tokens: list[_Token]) -> Iterator[tuple[int, int]]:
    """Yield beginning and end of what conditions join by `&&` and `||`, outside of inner brackets."""
    depth, begun = 0, -1
    for n, token in enumerate(tokens):
        is_joined = depth == 1 and token.text in ("&&", "||")
        if begun >= 0 and (is_joined or (depth == 1 and token.text == "}")):
            yield tokens[begun].start, tokens[n - 1].end
            begun = n + 1 if is_joined else -1
        if token.text in ("(", "[", "{"):
            depth += 1
            if depth == 1 and token.text == "{":
                begun = n + 1
        elif token.text in (")", "]", "}"):
            depth -= 1


def _unexpected(text: str, tokens: list[_Token], message: str) -> int:
    """Return the number of the token that the engine did not expect."""

    def is_before(n: int) -> bool:
        at = tokens[n].start
        return any(_complaint(text[:at] + foreign + text[at:]) != message for foreign in _FOREIGN)

    return max(bisect_left(range(len(tokens)), True, key=lambda n: not is_before(n)) - 1, 0)


def _complaint(text: str) -> str:
    try:
        cedarpy.policies_to_json_str(text)
    except ValueError as error:
        return str(error)
    return ""


def _find(tokens: list[_Token], wanted: str) -> int | None:
    """Return where some words stand: as they are, else inside a text, else the last of them alone."""
    words = [token.text for token in _tokens(wanted) if token.text != "::"]
    said = [token for token in tokens if token.text != "::"]
    for n in range(len(said) - len(words) + 1):
        # An attribute may have the name of an annotation.
        is_annotation = n > 0 and said[n - 1].text == "@"
        if not is_annotation and [token.text for token in said[n : n + len(words)]] == words:
            return said[n].start
    inside = next((token.start for token in said if token.text.startswith('"') and wanted in token.text), None)
    return _find(tokens, words[-1]) if inside is None and len(words) > 1 else inside


def _head(tokens: list[_Token]) -> int:
    """Return where the rule says that it permits or forbids, after its annotations."""
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        if not depth and token.text in ("permit", "forbid"):
            return token.start
    return tokens[0].start if tokens else 0


def _tokens(text: str) -> list[_Token]:
    return [
        _Token(text=found.group(), start=found.start(), end=found.end())
        for found in _TOKEN.finditer(text)
        if found.lastgroup != "blank"
    ]


def _place(text: str, offset: int) -> Place:
    before = text[:offset]
    return Place(line=before.count("\n") + 1, column=offset - before.rfind("\n"))
