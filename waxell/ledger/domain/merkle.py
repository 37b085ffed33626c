"""The Merkle tree of RFC 6962 over SHA-256: hashing leaves and nodes, and checking proofs.

A leaf is a commitment of 32 bytes, the digest of an entry; what is proved here is therefore a
place in the tree, and nothing of what the entry says.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

type NodeAt = Callable[[int, int], bytes]
"""`(level, index)` -> the hash over leaves `index << level` to `(index + 1) << level`, all of which exist."""


def hash_leaf(commitment: bytes) -> bytes:
    """Return the hash of a leaf, 32 bytes (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + commitment).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node, 32 bytes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of_hashes(hashes: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of neighbours at one level, as many as there are; EMPTY_ROOT for none.

    Pairs level by level; a last one without a neighbour goes up as it is, which gives RFC 6962's shape.
    """
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        above = [hash_children(row[place], row[place + 1]) for place in range(0, len(row) - 1, 2)]
        if len(row) % 2:
            above.append(row[-1])
        row = above
    return row[0]


def root_of(size: int, node: NodeAt) -> bytes:
    """Return the root of the first `size` leaves."""
    return _span(0, size, node) if size else EMPTY_ROOT


def prove_inclusion(*, index: int, size: int, node: NodeAt) -> tuple[bytes, ...]:
    """Return the audit path of leaf `index` in the tree of `size` leaves, from its sibling to the root's child.

    ValueError where the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"A tree of {size} leaves has no leaf {index}.")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_span(middle, end, node))
            end = middle
        else:
            path.append(_span(start, middle, node))
            start = middle
    return tuple(reversed(path))


def prove_consistency(*, old: int, new: int, node: NodeAt) -> tuple[bytes, ...]:
    """Return the proof that the tree of `old` leaves is the beginning of the tree of `new` (RFC 6962, 2.1.2).

    Empty for equal sizes and for `old` 0. ValueError where `old` is the larger.
    """
    if not 0 <= old <= new:
        raise ValueError(f"A tree of {new} leaves does not extend one of {old}.")
    if old in (0, new):
        return ()
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_span(middle, end, node))
            end = middle
        else:
            path.append(_span(start, middle, node))
            start, whole = middle, False
    if not whole:
        path.append(_span(start, end, node))
    return tuple(reversed(path))


def includes(*, leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether `proof` places `leaf_hash` at `index` under `root` (the algorithm of RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = hash_children(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = hash_children(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def extends(*, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether `proof` shows that the tree of `new` leaves begins with that of `old` (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = [*([old_root] if old & (old - 1) == 0 else []), *proof]
    if not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = hash_children(sibling, before), hash_children(sibling, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = hash_children(after, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _span(start: int, end: int, node: NodeAt) -> bytes:
    """Return the root over leaves `start` to `end`, a span that a split of RFC 6962 gave."""
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(width)
    return hash_children(_span(start, middle, node), _span(middle, end, node))


def _split(width: int) -> int:
    """Return the largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)
