"""Examining a log: its leaves are hashed again, and every checkpoint and tile held against them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from waxell.ledger.domain import checkpoints as notes
from waxell.ledger.domain import merkle
from waxell.ledger.domain.checkpoints import MalformedCheckpoint
from waxell.ledger.domain.cosignatures import CosignerKey
from waxell.ledger.domain.notes import MalformedKey, MalformedNote, UntrustedNote, VerifierKey
from waxell.ledger.domain.notes import parse as parse_note
from waxell.ledger.domain.tiles import Frontier, FullTile
from waxell.ledger.models import Checkpoint, Cosignature, Log
from waxell.ledger.models import FullTile as KeptTile

AT_ONCE: Final = 2000

_LEAVES: Final = """
SELECT l.index, l.digest, l.stream, l.seq, e.body IS NULL, sha256(e.body)
  FROM ledger_leaf l
  LEFT JOIN ledger_entry e ON e.project_id = l.project_id AND e.stream = l.stream AND e.seq = l.seq
 WHERE l.log = %s ORDER BY l.index
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something in a log that does not hold: where, and what, in plain words."""

    subject: str
    message: str


def _nobody_listens(done: int) -> None:
    """Progress that nobody asked for."""


def examine(
    log: Log, keys: Sequence[VerifierKey], progress: Callable[[int], object] = _nobody_listens
) -> Iterator[Fault]:
    """Yield everything that does not hold in a log.

    `keys` are trusted to sign; `progress` is told now and then how many leaves were hashed. Memory
    stays bounded whatever the log's size.
    """
    frontier = Frontier()
    pending = Checkpoint.objects.filter(log=log.number).order_by("size").iterator()
    awaited = next(pending, None)
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LEAVES, (log.number,))
        while batch := cursor.fetchmany(AT_ONCE):
            for index, digest, stream, seq, missing, hashed in batch:
                where = f"stream {stream} entry {seq}"
                if index != frontier.size:
                    yield Fault(subject=f"log {log.number} leaf {frontier.size}", message="the leaf is missing")
                    return
                if missing:
                    yield Fault(subject=where, message=f"the entry was sealed as leaf {index} and is gone")
                elif bytes(hashed) != bytes(digest):
                    yield Fault(subject=where, message=f"the entry is not the one that was sealed as leaf {index}")
                for tile in frontier.append(merkle.hash_leaf(bytes(digest))):
                    yield from _tile_faults(log, tile)
                if awaited is not None and awaited.size == frontier.size:
                    yield from _checkpoint_faults(log, awaited, frontier.root(), keys)
                    awaited = next(pending, None)
            progress(frontier.size)
    if awaited is not None:
        where = f"log {log.number} checkpoint {awaited.size}"
        yield Fault(subject=where, message=f"it commits to more leaves than the {frontier.size} that are here")
    yield from _cosignature_faults(log)
    newest = Checkpoint.objects.filter(log=log.number).order_by("-size").first()
    if newest is None or newest.size < frontier.size:
        message = f"no checkpoint commits to the leaves from {newest.size if newest else 0} on"
        yield Fault(subject=f"log {log.number}", message=message)


def _tile_faults(log: Log, tile: FullTile) -> Iterator[Fault]:
    kept = KeptTile.objects.filter(log=log.number, level=tile.level, index=tile.index).first()
    where = f"log {log.number} tile {tile.level}/{tile.index}"
    if kept is None:
        yield Fault(subject=where, message="the tile is missing")
    elif (bytes(kept.hashes), bytes(kept.root)) != (tile.hashes, tile.root):
        yield Fault(subject=where, message="the tile does not hold the hashes of its leaves")


def _checkpoint_faults(log: Log, kept: Checkpoint, root: bytes, keys: Sequence[VerifierKey]) -> Iterator[Fault]:
    where = f"log {log.number} checkpoint {kept.size}"
    if bytes(kept.root) != root:
        yield Fault(subject=where, message="the leaves give another root than it")
    try:
        said = notes.open_checkpoint(kept.note, keys)
    except (MalformedNote, MalformedCheckpoint, UntrustedNote) as error:
        yield Fault(subject=where, message=f"its note does not hold: {error}")
        return
    if (said.origin, said.size, said.root) != (log.origin, kept.size, bytes(kept.root)):
        yield Fault(subject=where, message="its note says something else than its row")


def _cosignature_faults(log: Log) -> Iterator[Fault]:
    """Yield the cosignatures that are not by the key they are kept under, or not of their checkpoint."""
    for kept in Cosignature.objects.filter(log=log.number).order_by("size", "vkey").iterator():
        where = f"log {log.number} checkpoint {kept.size}"
        checkpoint = Checkpoint.objects.filter(log=log.number, size=kept.size).first()
        try:
            note = parse_note((checkpoint.note if checkpoint else "") + kept.line)
            if CosignerKey.parse(kept.vkey).find(note) is None:
                yield Fault(subject=where, message=f"the cosignature of {kept.name} is not by its key")
        except (MalformedKey, MalformedNote, UntrustedNote) as error:
            yield Fault(subject=where, message=f"the cosignature of {kept.name} does not hold: {error}")
