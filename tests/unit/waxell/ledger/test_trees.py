"""Roots, proofs and tiles against two implementations by other people."""

import hashlib
from collections.abc import Callable
from functools import cache

import aics_tlog
import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waxell.ledger.domain import merkle, tiles
from waxell.ledger.domain.tiles import Frontier, Tile

SIZES = (0, 1, 2, 255, 256, 257, 65_537)
LARGEST = SIZES[-1]


def leaf(index: int) -> bytes:
    return hashlib.sha256(index.to_bytes(8)).digest()


@cache
def theirs() -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for index in range(LARGEST):
        tree.append_entry(leaf(index))
    return tree


@cache
def their_others() -> aics_tlog.MerkleTree:
    return aics_tlog.MerkleTree([leaf(index) for index in range(LARGEST)])


@cache
def grown() -> tuple[dict[int, bytes], dict[tuple[int, int], bytes]]:
    """Our roots at SIZES and our full tiles, as one growing frontier gives them."""
    frontier, full = Frontier(), {}
    roots = {0: frontier.root()}
    for index in range(LARGEST):
        for tile in frontier.append(merkle.hash_leaf(leaf(index))):
            full[tile.level, tile.index] = tile.hashes
        if frontier.size in SIZES:
            roots[frontier.size] = frontier.root()
    return roots, full


def read(tile: Tile) -> list[bytes]:
    """Hashes of any tile, from full ones and leaves, as a database would find them."""
    _, full = grown()
    if tile.width == tiles.WIDTH:
        return tiles.split_hashes(full[tile.level, tile.index])
    places = range(tile.start, tile.start + tile.width)
    if tile.level == 0:
        return [merkle.hash_leaf(leaf(place)) for place in places]
    return [merkle.root_of_hashes(tiles.split_hashes(full[tile.level - 1, place])) for place in places]


def nodes(size: int) -> Callable[[int, int], bytes]:
    return tiles.node_reader(read, size)


@pytest.mark.parametrize("size", SIZES)
def test_roots_equal_both_other_implementations(size: int) -> None:
    ours = grown()[0][size]
    assert merkle.root_of(size, nodes(size)) == ours
    assert their_others().root(size) == ours
    # pymerkle has no root for an empty tree; RFC 6962 names it.
    assert (theirs().get_root(size) if size else hashlib.sha256().digest()) == ours


@pytest.mark.parametrize("size", [size for size in SIZES if size])
def test_inclusion_proofs_are_theirs_and_hold(size: int) -> None:
    node = nodes(size)
    for index in sorted({0, 1, size // 2, 254, 255, 256, size - 2, size - 1} & set(range(size))):
        proof = merkle.prove_inclusion(index=index, size=size, node=node)
        assert list(proof) == their_others().inclusion_proof(index, size)
        root, leaf_hash = grown()[0][size], merkle.hash_leaf(leaf(index))
        assert merkle.includes(leaf_hash=leaf_hash, index=index, size=size, proof=proof, root=root)
        aics_tlog.verify_inclusion(leaf_hash, index, size, list(proof), root)
        # pymerkle counts from 1 and puts the leaf itself into the path.
        other = theirs().prove_inclusion(index + 1, size)
        assert [hash for hash in other.path if hash != leaf_hash] == list(proof)
        pymerkle.verify_inclusion(leaf_hash, root, other)
        assert not merkle.includes(leaf_hash=leaf(index), index=index, size=size, proof=proof, root=root)
        assert not merkle.includes(leaf_hash=leaf_hash, index=index, size=size, proof=(*proof, leaf_hash), root=root)


@pytest.mark.parametrize("new", SIZES)
def test_every_tree_extends_every_smaller_one(new: int) -> None:
    roots, node = grown()[0], nodes(new)
    for old in (size for size in SIZES if size <= new):
        proof = merkle.prove_consistency(old=old, new=new, node=node)
        if 0 < old < new:
            assert list(proof) == their_others().consistency_proof(old, new)
            # pymerkle's proofs cut the trees up in another way; they lead from our one root to our other.
            pymerkle.verify_consistency(roots[old], roots[new], theirs().prove_consistency(old, new))
        assert merkle.extends(old=old, new=new, old_root=roots[old], new_root=roots[new], proof=proof)
        assert not merkle.extends(old=old, new=new, old_root=leaf(0), new_root=roots[new], proof=proof)
        # From nothing everything follows: there the new root has nothing to be held against.
        other = merkle.extends(old=old, new=new, old_root=roots[old], new_root=leaf(0), proof=proof)
        assert other is (old == 0 and new > 0)
        assert not merkle.extends(old=new + 1, new=new, old_root=roots[old], new_root=roots[new], proof=proof)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_small_trees_agree_everywhere(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 600))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    node = nodes(size)
    assert list(merkle.prove_inclusion(index=index, size=size, node=node)) == their_others().inclusion_proof(
        index, size
    )
    proof = merkle.prove_consistency(old=old, new=size, node=node)
    assert list(proof) == their_others().consistency_proof(old, size)
    old_root, new_root = their_others().root(old), their_others().root(size)
    assert merkle.extends(old=old, new=size, old_root=old_root, new_root=new_root, proof=proof)
    wrong = data.draw(st.integers(0, size).filter(lambda other: other != old))
    assert not merkle.extends(old=wrong, new=size, old_root=old_root, new_root=new_root, proof=proof)


def test_a_frontier_grows_alike_from_wherever_it_is_taken_up() -> None:
    for size in (1, 255, 256, 300, 65_536):
        partial: list[list[bytes]] = []
        level = 0
        while count := size >> (8 * level):
            width = count % 256
            partial.append(read(Tile(level=level, index=count // 256, width=width)) if width else [])
            level += 1
        taken_up = Frontier(size=size, partial=partial)
        assert taken_up.root() == their_others().root(size)
        taken_up.extend(merkle.hash_leaf(leaf(index)) for index in range(size, size + 1 if size > 1000 else 600))
        assert taken_up.root() == their_others().root(taken_up.size)


def test_tiles_of_a_growing_tree_are_each_named_once() -> None:
    # The specification's own example: 273 full tiles and one of 112; one full and one of 17; one of 1.
    found = tiles.tiles_between(0, 70_000)
    assert [(t.level, t.width) for t in found if t.width < 256] == [(0, 112), (1, 17), (2, 1)]
    assert sum(t.width == 256 for t in found) == 274
    full = [t for step in range(0, 70_000, 700) for t in tiles.tiles_between(step, step + 700) if t.width == 256]
    assert len(full) == len(set(full)) == 274
    assert tiles.tiles_between(256, 256) == []


@pytest.mark.parametrize(
    ("tile", "entries", "text"),
    [
        (Tile(level=0, index=1_234_067), False, "tile/0/x001/x234/067"),
        (Tile(level=1, index=0, width=17), False, "tile/1/000.p/17"),
        (Tile(level=0, index=1000, width=3), True, "tile/entries/x001/000.p/3"),
    ],
)
def test_addresses_are_those_of_the_specification(tile: Tile, entries: bool, text: str) -> None:
    assert tiles.address(tile, entries=entries) == text
    assert tiles.parse_address(text.removeprefix("tile/")) == (tile, entries)


@pytest.mark.parametrize(
    "text",
    ["00/000", "64/000", "0/0", "0/x000/001", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/001/000", "a/000", ""],
)
def test_other_addresses_are_not_tiles(text: str) -> None:
    with pytest.raises(tiles.NotATile):
        tiles.parse_address(text)


def test_a_log_of_our_tiles_passes_anothers_audit() -> None:
    size = LARGEST
    published = {}
    for tile in tiles.tiles_between(0, size):
        published[tiles.address(tile)] = b"".join(read(tile))
        if tile.level == 0:
            leaves = (leaf(place) for place in range(tile.start, tile.start + tile.width))
            published[tiles.address(tile, entries=True)] = tiles.bundle(leaves)
    report = aics_tlog.audit_tiles(aics_tlog.MemoryTileReader(published), size, grown()[0][size])
    # 256 full tiles and one of 1; above them one full; above that one of 1.
    assert (report.size, report.tiles, report.bundles) == (size, 259, 257)
