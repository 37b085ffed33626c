"""Cedar text cut into its rules, with limits, before any recursive parser sees it.

The engine's parser recurses natively: some thousand nested brackets or chained operators in one
rule overflow the thread's stack and end the *process*. A scan without recursion refuses them.
It knows comments, strings, brackets and semicolons, no more.
"""

import re
from dataclasses import dataclass
from typing import Final

MAX_TEXT_BYTES: Final = 64 * 1024
MAX_RULES: Final = 200
MAX_NESTING: Final = 32
MAX_OPERATORS: Final = 200
"""Operators, keywords between expressions and opening brackets of one rule, together."""

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|//[^\n]*)
  | (?P<string>"(?:[^"\\]|\\.)*+")
  | (?P<open>[(\[{])
  | (?P<close>[)\]}])
  | (?P<end>;)
  | (?P<operator>&&|::|\|\||[-+*.!]|\b(?:if|when|unless|has|like|in|is)\b)
  | (?P<word>[\w@?<>=,]+|:)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


class TextRefused(Exception):
    """The text is outside the limits; `line` is where, from 1."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The text of one rule; the line and column, from 1, and the character, from 0, at which it starts."""

    text: str
    line: int
    column: int
    start: int


def comments(text: str) -> tuple[str, ...]:
    """Return the comments in `text`, in order."""
    return tuple(token.group() for token in _TOKEN.finditer(text) if token.group().startswith("//"))


def split(text: str) -> tuple[Statement, ...]:
    """Return the rules of `text` in order. Raises TextRefused beyond a limit.

    What follows the last semicolon is a statement too, for the parser to complain about.
    """
    if len(text) > MAX_TEXT_BYTES or len(text.encode("utf-8", "replace")) > MAX_TEXT_BYTES:
        raise TextRefused(f"A policy has at most {MAX_TEXT_BYTES} bytes.")
    if "\0" in text:
        raise TextRefused(
            "A policy is text: this holds bytes of something else.", text.count("\n", 0, text.index("\0")) + 1
        )
    statements: list[Statement] = []
    line, start, start_line, start_column = 1, -1, 1, 1
    nesting = operators = 0
    for token in _TOKEN.finditer(text):
        kind, content = token.lastgroup, token.group()
        if kind != "blank" and start < 0:
            start, start_line = token.start(), line
            start_column = start - text.rfind("\n", 0, start)
        if kind == "open":
            nesting += 1
        elif kind == "close":
            nesting -= 1
        if kind in ("open", "operator"):
            operators += 1
        if nesting > MAX_NESTING:
            raise TextRefused(f"More than {MAX_NESTING} brackets inside each other.", line)
        if operators > MAX_OPERATORS:
            raise TextRefused(f"More than {MAX_OPERATORS} operators and brackets in one rule.", line)
        line += content.count("\n")
        if kind == "end":
            statements.append(
                Statement(text=text[start : token.end()], line=start_line, column=start_column, start=start)
            )
            start, nesting, operators = -1, 0, 0
            if len(statements) > MAX_RULES:
                raise TextRefused(f"A policy has at most {MAX_RULES} rules.", line)
    if start >= 0:
        statements.append(Statement(text=text[start:], line=start_line, column=start_column, start=start))
    return tuple(statements)
