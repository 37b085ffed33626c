"""Tiles and entry bundles, from the leaves and the full tiles that are kept."""

from waxell.ledger.domain import merkle, tiles
from waxell.ledger.domain.merkle import NodeAt
from waxell.ledger.domain.tiles import Frontier, Tile
from waxell.ledger.models import Checkpoint, FullTile, Leaf
from waxell.lib.errors import NotFound


class TileMissing(NotFound):
    """The log has no such tile, or not yet."""


def tile_bytes(log: int, tile: Tile) -> bytes:
    """Return the hashes of a tile, 32 bytes each. Raises TileMissing."""
    return b"".join(read(log, tile))


def bundle_bytes(log: int, tile: Tile) -> bytes:
    """Return the entry bundle beside a tile of level 0: commitments, not texts. Raises TileMissing."""
    return tiles.bundle(_leaves(log, tile))


def read(log: int, tile: Tile) -> list[bytes]:
    """Return the hashes of a tile. Raises TileMissing."""
    if tile.width == tiles.WIDTH:
        kept = FullTile.objects.filter(log=log, level=tile.level, index=tile.index).values_list("hashes", flat=True)
        if (hashes := kept.first()) is None:
            raise TileMissing()
        return tiles.split_hashes(bytes(hashes))
    if tile.level == 0:
        return [merkle.hash_leaf(leaf) for leaf in _leaves(log, tile)]
    return _roots(log, tile)


def nodes(log: int, size: int) -> NodeAt:
    """Return how to find any node of the tree of a log's first `size` leaves."""
    return tiles.node_reader(lambda tile: read(log, tile), size)


def frontier(log: int, size: int) -> Frontier:
    """Return the right edge of a log at `size` leaves, from which it grows. Raises TileMissing."""
    partial: list[list[bytes]] = []
    level = 0
    while (count := size >> (tiles.HEIGHT * level)) > 0:
        width = count % tiles.WIDTH
        partial.append(read(log, Tile(level=level, index=count // tiles.WIDTH, width=width)) if width else [])
        level += 1
    return Frontier(size=size, partial=partial)


def sizes_within(log: int, tile: Tile) -> list[int]:
    """Return the sizes at which checkpoints saw a tile while it was partial."""
    unit = 1 << (tiles.HEIGHT * tile.level)
    start = tile.start * unit
    held = Checkpoint.objects.filter(log=log, size__gte=start + unit, size__lt=start + tiles.WIDTH * unit)
    return list(held.order_by("size").values_list("size", flat=True))


def _leaves(log: int, tile: Tile) -> list[bytes]:
    span = Leaf.objects.filter(log=log, index__gte=tile.start, index__lt=tile.start + tile.width)
    return _whole([bytes(digest) for digest in span.order_by("index").values_list("digest", flat=True)], tile)


def _roots(log: int, tile: Tile) -> list[bytes]:
    below = FullTile.objects.filter(
        log=log, level=tile.level - 1, index__gte=tile.start, index__lt=tile.start + tile.width
    )
    return _whole([bytes(root) for root in below.order_by("index").values_list("root", flat=True)], tile)


def _whole(found: list[bytes], tile: Tile) -> list[bytes]:
    if len(found) != tile.width:
        raise TileMissing()
    return found
