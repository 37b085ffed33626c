"""The tree in tiles of 256 hashes (C2SP tlog-tiles), and the growing edge of it.

Tile `n` of level `l` holds the roots of the subtrees over `256**l` leaves each, `256 * n` and on; at
level 0 those are the leaf hashes. A tile with fewer than 256 is partial and feeds no level above.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from waxell.ledger.domain import merkle

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
ENTRIES: Final = "entries"
"""The name that takes a level's place in the address of an entry bundle."""

_ADDRESS: Final = re.compile(
    r"(?P<level>entries|0|[1-9]\d?)/(?P<path>(?:x\d{3}/)*\d{3})(?:\.p/(?P<width>[1-9]\d{0,2}))?", re.ASCII
)
MAX_LEVEL: Final = 63
MAX_PATH_ELEMENTS: Final = 6


class NotATile(ValueError):
    """This is not the address of a tile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """Where a tile is: level, index in the level, and how many hashes of it are meant (1 to 256)."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def start(self) -> int:
        """The first hash of the tile, counted in its level."""
        return self.index * WIDTH


@dataclass(frozen=True, slots=True, kw_only=True)
class FullTile:
    """A tile that has just become full: its 256 hashes, and their root, which its level above takes."""

    level: int
    index: int
    hashes: bytes
    root: bytes


@dataclass(slots=True, kw_only=True)
class Frontier:
    """The right edge of a tree: all that growing it needs. `partial[l]` are the hashes of level l's partial tile."""

    size: int = 0
    partial: list[list[bytes]] = field(default_factory=list)

    def append(self, leaf_hash: bytes) -> Iterator[FullTile]:
        """Add one leaf and yield the tiles it completes, lowest first; the tree has grown once all are taken."""
        carried, level, position = leaf_hash, 0, self.size
        self.size += 1
        while True:
            if level == len(self.partial):
                self.partial.append([])
            row = self.partial[level]
            row.append(carried)
            if len(row) < WIDTH:
                return
            carried = merkle.root_of_hashes(row)
            self.partial[level] = []
            yield FullTile(level=level, index=position // WIDTH, hashes=b"".join(row), root=carried)
            level, position = level + 1, position // WIDTH

    def extend(self, leaf_hashes: Iterable[bytes]) -> list[FullTile]:
        """Add leaves in order and return the tiles they complete."""
        return [tile for leaf_hash in leaf_hashes for tile in self.append(leaf_hash)]

    def root(self) -> bytes:
        """Return the root of all leaves so far."""
        if self.size == 0:
            return merkle.EMPTY_ROOT
        right: bytes | None = None
        for row in self.partial:
            # What lies further right is smaller, so it is the last of the row above it.
            hashes = row if right is None else [*row, right]
            if hashes:
                right = merkle.root_of_hashes(hashes)
        assert right is not None  # noqa: S101  a tree with leaves has a partial row
        return right


def address(tile: Tile, *, entries: bool = False) -> str:
    """Return a tile's address below a log's prefix: `tile/0/x001/x234/067`, `tile/entries/000.p/7`."""
    elements = [f"{tile.index % 1000:03d}"]
    rest = tile.index // 1000
    while rest:
        elements.insert(0, f"x{rest % 1000:03d}")
        rest //= 1000
    partial = "" if tile.width == WIDTH else f".p/{tile.width}"
    return f"tile/{ENTRIES if entries else tile.level}/{'/'.join(elements)}{partial}"


def parse_address(text: str) -> tuple[Tile, bool]:
    """Read what follows `tile/` in an address; the flag says that it is an entry bundle. Raises NotATile."""
    found = _ADDRESS.fullmatch(text)
    elements = found["path"].split("/") if found else []
    if found is None or len(elements) > MAX_PATH_ELEMENTS or (len(elements) > 1 and elements[0] == "x000"):
        raise NotATile(text)
    index = int("".join(element.removeprefix("x") for element in elements))
    width = int(found["width"] or WIDTH)
    entries = found["level"] == ENTRIES
    level = 0 if entries else int(found["level"])
    if level > MAX_LEVEL or (found["width"] and width >= WIDTH):
        raise NotATile(text)
    return Tile(level=level, index=index, width=width), entries


def exists(tile: Tile, size: int) -> bool:
    """Tell whether a tree of `size` leaves has all hashes of the tile."""
    return tile.start + tile.width <= size >> (HEIGHT * tile.level)


def tiles_between(old: int, new: int) -> list[Tile]:
    """Return the tiles of a tree of `new` leaves that one of `old` has not, lowest level first.

    Full ones that became full, and the partial one at the edge of each level.
    """
    found: list[Tile] = []
    level = 0
    while (count := new >> (HEIGHT * level)) > 0:
        before = old >> (HEIGHT * level)
        if count > before:
            found += [Tile(level=level, index=index) for index in range(before // WIDTH, count // WIDTH)]
            if edge := count % WIDTH:
                found.append(Tile(level=level, index=count // WIDTH, width=edge))
        level += 1
    return found


def node_reader(read: Callable[[Tile], Sequence[bytes]], size: int) -> merkle.NodeAt:
    """Return how to find any node of a tree of `size` leaves from its tiles.

    `read` gives a tile's hashes; it is asked once for each tile.
    """
    rows: dict[tuple[int, int], Sequence[bytes]] = {}

    def node(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, HEIGHT)
        start = index << height
        place = (tile_level, start // WIDTH)
        if place not in rows:
            width = min(WIDTH, (size >> (HEIGHT * tile_level)) - place[1] * WIDTH)
            rows[place] = read(Tile(level=tile_level, index=place[1], width=width))
        first = start % WIDTH
        return merkle.root_of_hashes(rows[place][first : first + (1 << height)])

    return node


def split_hashes(row: bytes) -> list[bytes]:
    """Return the hashes of a tile's bytes."""
    return [row[start : start + merkle.HASH_BYTES] for start in range(0, len(row), merkle.HASH_BYTES)]


def bundle(leaves: Iterable[bytes]) -> bytes:
    """Return the bytes of an entry bundle: each leaf after its length, two bytes, big-endian."""
    return b"".join(len(leaf).to_bytes(2) + leaf for leaf in leaves)
