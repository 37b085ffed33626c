"""Publishing: tiles leave the database, then the checkpoint that commits to them.

Below the store's root: `current` (number and origin of the newest log), `key`, and for each log a
C2SP tlog-tiles prefix `logs/<number>/` that also keeps every checkpoint, under `checkpoints/<size>`, and
the newest one that a witness cosigned, as `witnessed`. Tiles are immutable, a checkpoint only gains the
lines of cosignatures, and the rest only goes forward, so doing it again does no harm.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from waxell.ledger.domain import checkpoints as notes
from waxell.ledger.domain import tiles as geometry
from waxell.ledger.domain.checkpoints import MalformedCheckpoint
from waxell.ledger.domain.cosignatures import with_lines
from waxell.ledger.domain.merkle import HASH_BYTES
from waxell.ledger.domain.notes import MalformedNote, UntrustedNote
from waxell.ledger.domain.tiles import Tile
from waxell.ledger.models import Checkpoint, Log
from waxell.ledger.queries import checkpoints, cosignatures, proofs, tiles
from waxell.ledger.services.stores import Store
from waxell.lib.db.calls import call
from waxell.lib.errors import DomainError

CURRENT: Final = "current"
KEY: Final = "key"


class Behind(DomainError):
    """The published checkpoint is ahead of this database, which has lost entries: run `manage.py recover`."""

    code = "ledger_behind"
    status = 503


class Inconsistent(DomainError):
    """The published checkpoint contradicts this database: nothing is signed until somebody has looked."""

    code = "ledger_inconsistent"
    status = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A log's head as the store has it. `size` 0 and no note: nothing yet."""

    size: int
    root: bytes
    note: str


NOTHING: Final = Published(size=0, root=b"", note="")


def compare(store: Store, log: Log | None) -> Published:
    """Return the published head of `log`, the database's newest, once it fits the database.

    Must come before each signature. Raises Behind, Inconsistent, StoreUnreachable.
    """
    _compare_current(store, log)
    if log is None:
        return NOTHING
    head = published_head(store, log)
    if head.size == 0:
        return head
    newest = checkpoints.newest(log.number)
    if newest is None or head.size > newest.size:
        raise Behind(f"{head.size} entries were published, {newest.size if newest else 0} are sealed here.")
    if _root_at(log, head.size) != head.root:
        raise Inconsistent(f"The root published at {head.size} is not the one that this database gives.")
    return head


def published_head(store: Store, log: Log) -> Published:
    """Return what the store has of `log`. Raises Inconsistent where no key of ours signed it, StoreUnreachable."""
    raw = store.read(_place(log, "checkpoint"))
    if raw is None:
        return NOTHING
    try:
        head = notes.open_checkpoint(raw, checkpoints.keys())
    except (MalformedNote, MalformedCheckpoint, UntrustedNote) as error:
        raise Inconsistent(f"The published checkpoint: {error}") from error
    if head.origin != log.origin:
        raise Inconsistent(f"The published checkpoint is of {head.origin}, this log is {log.origin}.")
    return Published(size=head.size, root=head.root, note=raw.decode())


def publish_due(store: Store, log: Log, head: Published) -> Published:
    """Publish what `log` has sealed beyond `head` and return the new head. Raises StoreUnreachable.

    Safe to repeat after dying anywhere: a checkpoint is noted as published only after it is.
    """
    for checkpoint in _due(log, head):
        if checkpoint.size > head.size:
            _publish(store, log, checkpoint, since=head.size)
            head = Published(size=checkpoint.size, root=bytes(checkpoint.root), note=checkpoint.note)
        call("SELECT ledger_published_v1(%s::integer, %s)", (log.number, checkpoint.size))
    return head


def newest_number(store: Store) -> int | None:
    """Return the number of the newest log that was published. Raises Inconsistent, StoreUnreachable."""
    current = _current(store)
    return None if current is None else current[0]


def note_of(store: Store, number: int) -> bytes | None:
    """Return the published head of a log, unchecked. Raises StoreUnreachable."""
    return store.read(_prefixed(number, "checkpoint"))


def hashes_of(store: Store, number: int, tile: Tile) -> list[bytes]:
    """Return the hashes of a published tile, unchecked. Raises TileMissing, StoreUnreachable."""
    content = store.read(_prefixed(number, geometry.address(tile)))
    if content is None or len(content) != tile.width * HASH_BYTES:
        raise tiles.TileMissing()
    return geometry.split_hashes(content)


def commitments_of(store: Store, number: int, tile: Tile) -> list[bytes]:
    """Return the leaves of a published entry bundle, unchecked. Raises TileMissing, StoreUnreachable."""
    content = store.read(_prefixed(number, geometry.address(tile, entries=True)))
    if content is None or len(content) != tile.width * (2 + HASH_BYTES):
        raise tiles.TileMissing()
    return [content[start + 2 : start + 2 + HASH_BYTES] for start in range(0, len(content), 2 + HASH_BYTES)]


def cosignatures_wait(log: Log) -> bool:
    """Tell whether cosignatures came that have not left the database."""
    return cosignatures.unpublished(log.number).exists()


def publish_cosigned(store: Store, log: Log, head: Published) -> None:
    """Publish what witnesses have cosigned since. `head` is what the store has. Raises StoreUnreachable."""
    for checkpoint in cosignatures.unpublished(log.number):
        came = [(one.vkey, one.line) for one in cosignatures.of(log.number, checkpoint.size)]
        note = with_lines(checkpoint.note, (line for _, line in came)).encode()
        store.write(_place(log, f"checkpoints/{checkpoint.size}"), note)
        if checkpoint.size == head.size:
            store.write(_place(log, "checkpoint"), note)
        if checkpoint.size == cosignatures.witnessed_size(log.number):
            store.write(_place(log, "witnessed"), note)
        vkeys = [vkey for vkey, _ in came]
        call("SELECT ledger_cosignatures_published_v1(%s::integer, %s, %s)", (log.number, checkpoint.size, vkeys))


def publish_all(store: Store) -> None:
    """Bring a store that may be a new one up to date. Raises what `compare` and `publish_due` do."""
    *ended, newest = Log.objects.order_by("number")
    for log in ended:
        # Where the store has an ended log at all it may well have more of it than a database that was restored.
        if store.read(_place(log, "checkpoint")) is None:
            publish_due(store, log, NOTHING)
    publish_due(store, newest, published_head(store, newest))


def _root_at(log: Log, size: int) -> bytes:
    held = checkpoints.of(log.number).filter(size=size).first()
    if held is not None:
        return bytes(held.root)
    try:
        return proofs.root_at(log.number, size)
    except tiles.TileMissing as error:
        raise Inconsistent(f"Leaves below {size} are missing here.") from error


def _compare_current(store: Store, log: Log | None) -> None:
    current = _current(store)
    if current is None:
        return
    number, origin = current
    if log is None or number > log.number:
        raise Behind(f"Log {number} was published, and this database has {log.number if log else 'none'}.")
    if number == log.number and origin != log.origin:
        raise Inconsistent(f"The store holds {origin}, this log is {log.origin}.")


def _current(store: Store) -> tuple[int, str] | None:
    raw = store.read(CURRENT)
    if raw is None:
        return None
    number, _, origin = raw.decode(errors="replace").strip().partition("\n")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise Inconsistent("What the store says of its newest log cannot be read.")
    return int(number), origin


def _due(log: Log, head: Published) -> Iterator[Checkpoint]:
    yield from checkpoints.unpublished(log.number).iterator()
    newest = checkpoints.newest(log.number)
    # A store that is empty or was itself restored gets the newest again, though it was published once.
    if newest is not None and newest.size > head.size and newest.published_at is not None:
        yield newest


def _publish(store: Store, log: Log, checkpoint: Checkpoint, *, since: int) -> None:
    changed = geometry.tiles_between(since, checkpoint.size)
    for tile in changed:
        store.write(_place(log, geometry.address(tile)), tiles.tile_bytes(log.number, tile))
        if tile.level == 0:
            bundle = tiles.bundle_bytes(log.number, tile)
            store.write(_place(log, geometry.address(tile, entries=True)), bundle)
    note = cosignatures.note(checkpoint).encode()
    _write_new(store, KEY, checkpoints.key_text().encode())
    store.write(_place(log, f"checkpoints/{checkpoint.size}"), note)
    store.write(_place(log, "checkpoint"), note)
    if log == checkpoints.newest_log():
        _write_new(store, CURRENT, f"{log.number}\n{log.origin}\n".encode())
    store.remove(name for tile in changed if tile.width == geometry.WIDTH for name in _outgrown(log, tile))


def _outgrown(log: Log, tile: Tile) -> Iterator[str]:
    """Yield the places of the partial tiles that a full one takes the place of."""
    unit = 1 << (geometry.HEIGHT * tile.level)
    for width in sorted({size // unit - tile.start for size in tiles.sizes_within(log.number, tile)}):
        partial = Tile(level=tile.level, index=tile.index, width=width)
        yield _place(log, geometry.address(partial))
        if tile.level == 0:
            yield _place(log, geometry.address(partial, entries=True))


def _write_new(store: Store, name: str, content: bytes) -> None:
    if store.read(name) != content:
        store.write(name, content)


def _place(log: Log, name: str) -> str:
    return _prefixed(log.number, name)


def _prefixed(number: int, name: str) -> str:
    return f"logs/{number}/{name}"
