"""Checkpoints (C2SP tlog-checkpoint): the text that commits to a whole log up to a size."""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from waxell.ledger.domain import merkle, notes
from waxell.ledger.domain.notes import Note, Signer, VerifierKey

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class MalformedCheckpoint(ValueError):
    """This is not a checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log says of itself: its origin, how many leaves it has, and their root (32 bytes)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __str__(self) -> str:
        root = base64.b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), root, *self.extensions))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a note's text. Raises MalformedCheckpoint."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines):
            raise MalformedCheckpoint("A checkpoint has an origin, a size and a root, each on a line.")
        origin, size, root_text, *extensions = lines
        if not _SIZE.fullmatch(size):
            raise MalformedCheckpoint("A checkpoint's size is a decimal number without leading zeros.")
        try:
            root = base64.b64decode(root_text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise MalformedCheckpoint("A checkpoint's root is base64.") from error
        if len(root) != merkle.HASH_BYTES or base64.b64encode(root).decode() != root_text:
            raise MalformedCheckpoint("A checkpoint's root is 32 bytes in base64.")
        return cls(origin=origin, size=int(size), root=root, extensions=tuple(extensions))

    def signed(self, *signers: Signer) -> Note:
        """Return the note that `signers` make of this checkpoint."""
        text = str(self)
        return Note(text=text, signatures=tuple(signer.sign(text) for signer in signers))


def open_checkpoint(raw: str | bytes, keys: Iterable[VerifierKey]) -> Checkpoint:
    """Read a checkpoint that one of `keys` has signed. Raises MalformedNote, UntrustedNote, MalformedCheckpoint."""
    return Checkpoint.parse(notes.open_note(raw, keys).text)
