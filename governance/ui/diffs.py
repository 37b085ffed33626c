"""Two texts compared line by line."""

import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

CONTEXT_LINES: Final = 3
_MOST_PAIRS: Final = 1_000_000
"""Pairs of equal lines up to which every pair is looked at; beyond, frequent lines are passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    """One line. `kind` is same, added, removed or gap; numbers count from 1 in either text."""

    kind: str
    text: str = ""
    old: int | None = None
    new: int | None = None


def compare(before: str, after: str) -> tuple[DiffLine, ...]:
    """Return the changed lines with some around them; nothing where the texts are the same."""
    old, new = before.splitlines(), after.splitlines()
    lines: list[DiffLine] = []
    for group in _groups(old, new):
        if lines or group[0][1] > 0:
            lines.append(DiffLine(kind="gap"))
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                pairs = zip(range(old_from, old_to), range(new_from, new_to), strict=True)
                lines += [DiffLine(kind="same", text=old[a], old=a + 1, new=b + 1) for a, b in pairs]
                continue
            lines += [DiffLine(kind="removed", text=old[a], old=a + 1) for a in range(old_from, old_to)]
            lines += [DiffLine(kind="added", text=new[b], new=b + 1) for b in range(new_from, new_to)]
    return tuple(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One line of one text; `number` counts from 1."""

    text: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What stands beside each other; a side without a line is None. `kind` is same, changed or gap."""

    kind: str
    before: Side | None = None
    after: Side | None = None


def side_by_side(before: str, after: str) -> tuple[Pair, ...]:
    """Return the same as `compare`, both texts beside each other."""
    old, new = before.splitlines(), after.splitlines()
    pairs: list[Pair] = []
    for group in _groups(old, new):
        if pairs or group[0][1] > 0:
            pairs.append(Pair(kind="gap"))
        for tag, old_from, old_to, new_from, new_to in group:
            lines = zip_longest(_sides(old, old_from, old_to), _sides(new, new_from, new_to))
            kind = "same" if tag == "equal" else "changed"
            pairs += [Pair(kind=kind, before=left, after=right) for left, right in lines]
    return tuple(pairs)


def _sides(lines: list[str], start: int, end: int) -> Iterator[Side]:
    return (Side(text=lines[place], number=place + 1) for place in range(start, end))


def _groups(old: list[str], new: list[str]) -> Iterator[list[tuple[str, int, int, int, int]]]:
    """Return what differs, with some lines around it, as `difflib` tells it."""
    again = Counter(new)
    alike = sum(count * again[line] for line, count in Counter(old).items())
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=alike > _MOST_PAIRS)
    return iter(matcher.get_grouped_opcodes(CONTEXT_LINES))
