"""Proving a whole range of leaves at once: all of them are given, and the hashes of what lies beside them."""

from collections.abc import Iterator

from waxell.ledger.domain.merkle import NodeAt


def prove_range(*, start: int, end: int, size: int, node: NodeAt) -> tuple[bytes, ...]:
    """Return the roots of the largest perfect subtrees without a leaf of `start` to `end`, from left to right.

    With the leaves of the range they give the root of the tree of `size` leaves, so none can be left
    out of it. ValueError where the tree has no such range.
    """
    if not 0 <= start <= end <= size:
        raise ValueError(f"A tree of {size} leaves has no range {start} to {end}.")
    return tuple(_beside(0, size, start, end, node)) if size else ()


def _beside(low: int, high: int, start: int, end: int, node: NodeAt) -> Iterator[bytes]:
    width = high - low
    if start <= low and high <= end:
        return
    if (high <= start or low >= end) and width & (width - 1) == 0:
        level = width.bit_length() - 1
        yield node(level, low >> level)
    elif width > 1:
        middle = low + (1 << ((width - 1).bit_length() - 1))
        yield from _beside(low, middle, start, end, node)
        yield from _beside(middle, high, start, end, node)
