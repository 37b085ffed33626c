"""Proofs that an entry is under a checkpoint, and that one checkpoint extends another."""

from typing import Final
from uuid import UUID

from waxell.ledger.domain import merkle
from waxell.ledger.domain.proofs import Proof
from waxell.ledger.models import Leaf
from waxell.ledger.queries import checkpoints, cosignatures, tiles
from waxell.lib.errors import DomainError

SEALED_WITHIN_SECONDS: Final = 1


class NotSealed(DomainError):
    """This entry is written and not sealed yet; sealing takes about a second."""

    code = "not_sealed"
    status = 409


def prove(stream: UUID, seq: int) -> Proof:
    """Return the proof that an entry is under the newest checkpoint of its log.

    Raises NotSealed; whether there is such an entry is the caller's to know.
    """
    leaf = Leaf.objects.filter(stream=stream, seq=seq).first()
    checkpoint = checkpoints.newest(leaf.log) if leaf else None
    if leaf is None or checkpoint is None:
        raise NotSealed(retry_after=SEALED_WITHIN_SECONDS)
    path = merkle.prove_inclusion(index=leaf.index, size=checkpoint.size, node=tiles.nodes(leaf.log, checkpoint.size))
    return Proof(index=leaf.index, path=path, checkpoint=cosignatures.note(checkpoint))


def prove_extension(log: int, *, old: int, new: int) -> tuple[bytes, ...]:
    """Return the proof that a log at `new` leaves begins with what it was at `old`. ValueError, TileMissing."""
    return merkle.prove_consistency(old=old, new=new, node=tiles.nodes(log, new))


def root_at(log: int, size: int) -> bytes:
    """Return the root over a log's first `size` leaves, from what is stored. Raises TileMissing."""
    return merkle.root_of(size, tiles.nodes(log, size))
