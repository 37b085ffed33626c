"""Sealing: waiting entries become leaves under a signed checkpoint, a batch at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import DatabaseError

from waxell.ledger.domain import merkle
from waxell.ledger.domain.checkpoints import Checkpoint
from waxell.ledger.domain.notes import Signer
from waxell.ledger.domain.tiles import Frontier, FullTile
from waxell.ledger.models import Log
from waxell.ledger.queries import checkpoints, tiles
from waxell.lib.db.calls import call, call_one
from waxell.lib.errors import DomainError

BATCH: Final = 10_000
"""Entries in one transaction: it holds nobody up, and a sealer that was away catches up by steps."""

MOVED: Final = "WX002"

# All that is committed, and never from where the last batch ended: a writer that began earlier may commit
# later. The log's own entries go first, so that leaf 0 opens it and a key is announced before it signs.
_WAITING: Final = """
SELECT stream, seq, digest FROM ledger_seal_queue WHERE stream = %s ORDER BY seq LIMIT %s::integer
"""
_OTHERS: Final = """
SELECT stream, seq, digest FROM ledger_seal_queue WHERE stream <> %s ORDER BY stream, seq LIMIT %s::integer
"""
_SEAL: Final = """
SELECT ledger_seal_v1(%s::integer, %s, %s::uuid[], %s::bigint[], %s::bytea[], %s, %s, %s,
                      %s::bigint[]::smallint[], %s::bigint[], %s::bytea[], %s::bytea[])
"""


class LogMoved(DomainError):
    """Another sealer has sealed meanwhile."""

    code = "log_moved"
    status = 409


class LogSpoilt(DomainError):
    """What the database keeps of the log does not give the root that was signed."""

    code = "log_spoilt"
    status = 503


@dataclass(slots=True, kw_only=True)
class Growing:
    """A log and its right edge in memory. After any error it is read again: see `read`."""

    log: Log
    frontier: Frontier


def read(log: Log) -> Growing:
    """Return a log as it grows from here. Raises LogSpoilt where leaves and newest checkpoint disagree."""
    newest = checkpoints.newest(log.number)
    size = newest.size if newest else 0
    try:
        frontier = tiles.frontier(log.number, size)
    except tiles.TileMissing as error:
        raise LogSpoilt(f"Leaves below {size} are missing.") from error
    if newest and frontier.root() != bytes(newest.root):
        raise LogSpoilt(f"The leaves do not give the root signed at {size}.")
    return Growing(log=log, frontier=frontier)


def waits() -> bool:
    """Tell whether any entry waits to be sealed."""
    return bool(call_one("SELECT EXISTS (SELECT FROM ledger_seal_queue) AS waits").waits)


def seal_batch(growing: Growing, signer: Signer, *, limit: int = BATCH) -> int:
    """Seal up to `limit` waiting entries under a new checkpoint and return how many there were.

    One statement does it, so it happens whole or not at all; a note that was signed for nothing has
    left no trace. Raises LogMoved; after that and every database error, read the log again.
    """
    waiting = _waiting(growing.log, limit)
    if not waiting:
        return 0
    before = growing.frontier.size
    full = growing.frontier.extend(merkle.hash_leaf(row.digest) for row in waiting)
    checkpoint = Checkpoint(origin=growing.log.origin, size=growing.frontier.size, root=growing.frontier.root())
    _commit(log=growing.log, before=before, waiting=waiting, checkpoint=checkpoint, signer=signer, full=full)
    return len(waiting)


def _waiting(log: Log, limit: int) -> list[Any]:
    rows = call(_WAITING, (log.id, limit))
    if len(rows) < limit:
        rows += call(_OTHERS, (log.id, limit - len(rows)))
    return rows


def _commit(
    *,
    log: Log,
    before: int,
    waiting: Sequence[Any],
    checkpoint: Checkpoint,
    signer: Signer,
    full: Sequence[FullTile],
) -> None:
    try:
        call(
            _SEAL,
            (
                log.number,
                before,
                [row.stream for row in waiting],
                [row.seq for row in waiting],
                [row.digest for row in waiting],
                checkpoint.root,
                str(checkpoint.signed(signer)),
                signer.verifier.key_id,
                [tile.level for tile in full],
                [tile.index for tile in full],
                [tile.hashes for tile in full],
                [tile.root for tile in full],
            ),
        )
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) == MOVED:
            raise LogMoved() from error
        raise
