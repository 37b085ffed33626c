"""A proof that needs nothing else (C2SP tlog-proof): a leaf's place, its audit path, and the checkpoint."""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from waxell.ledger.domain import checkpoints, merkle
from waxell.ledger.domain.checkpoints import Checkpoint
from waxell.ledger.domain.notes import VerifierKey

FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"
MAX_PATH: Final = 63
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)


class MalformedProof(ValueError):
    """This is not a proof."""


class ProofFails(ValueError):
    """The proof does not place this entry under its checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """`index` counts from 0, `path` is 32 bytes each from the leaf up, `checkpoint` a signed note's text."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str

    def __str__(self) -> str:
        path = (base64.b64encode(sibling).decode() for sibling in self.path)
        head = "".join(f"{line}\n" for line in (FIRST_LINE, f"index {self.index}", *path))
        return f"{head}\n{self.checkpoint}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a proof; extra data is passed over, for nobody signed it. Raises MalformedProof."""
        head, blank, checkpoint = text.partition("\n\n")
        first, *lines = head.split("\n")
        if not blank or first != FIRST_LINE:
            raise MalformedProof(f"A proof begins with {FIRST_LINE} and holds a checkpoint.")
        if lines and lines[0].startswith("extra "):
            lines.pop(0)
        found = _INDEX.fullmatch(lines.pop(0)) if lines else None
        if found is None or len(lines) > MAX_PATH:
            raise MalformedProof("A proof names the index of its leaf and has at most 63 hashes.")
        return cls(index=int(found[1]), path=tuple(map(_sibling, lines)), checkpoint=checkpoint)

    def verify(self, digest: bytes, keys: Iterable[VerifierKey]) -> Checkpoint:
        """Return the checkpoint under which the entry with `digest` (32 bytes) is.

        Raises ProofFails, and what `open_checkpoint` raises where no one of `keys` signed it.
        """
        head = checkpoints.open_checkpoint(self.checkpoint, keys)
        leaf_hash = merkle.hash_leaf(digest)
        if not merkle.includes(leaf_hash=leaf_hash, index=self.index, size=head.size, proof=self.path, root=head.root):
            raise ProofFails("The proof does not lead from this entry to the checkpoint's root.")
        return head


def _sibling(line: str) -> bytes:
    try:
        value = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedProof("A hash of the proof is not base64.") from error
    if len(value) != merkle.HASH_BYTES or base64.b64encode(value).decode() != line:
        raise MalformedProof("A hash of the proof is not 32 bytes in base64.")
    return value
