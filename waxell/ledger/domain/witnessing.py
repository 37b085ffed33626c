"""What a log says to a witness and how the witness judges it (C2SP tlog-witness, `add-checkpoint`)."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from waxell.ledger.domain import checkpoints, merkle
from waxell.ledger.domain.checkpoints import Checkpoint, MalformedCheckpoint
from waxell.ledger.domain.notes import MalformedNote, UntrustedNote, VerifierKey

MAX_PROOF: Final = 63
SIZE_TYPE: Final = "text/x.tlog.size"
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


class MalformedSubmission(ValueError):
    """This is not a submission to a witness."""


class Refused(ValueError):
    """The witness does not cosign. `status` is the HTTP status that says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class OtherSize(Refused):
    """The submission begins at another size than that of the newest checkpoint that was cosigned."""

    def __init__(self, size: int) -> None:
        super().__init__(409, f"{size}\n")


class Contradicts(Refused):
    """The log signed it, and it is not a continuation of what was cosigned before: worth keeping."""

    def __init__(self, message: str) -> None:
        super().__init__(422, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A signed checkpoint, and the proof that it continues the one of `old` leaves; hashes of 32 bytes each."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    def __str__(self) -> str:
        proof = "".join(f"{base64.b64encode(sibling).decode()}\n" for sibling in self.proof)
        return f"old {self.old}\n{proof}\n{self.note}"

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a request's body. Raises MalformedSubmission."""
        try:
            head, blank, note = body.decode().partition("\n\n")
        except UnicodeDecodeError as error:
            raise MalformedSubmission("A submission is UTF-8.") from error
        first, *lines = head.split("\n")
        found = _OLD.fullmatch(first)
        if not blank or found is None or len(lines) > MAX_PROOF:
            raise MalformedSubmission(f"A submission is an old size, at most {MAX_PROOF} hashes and a checkpoint.")
        return cls(old=int(found[1]), proof=tuple(map(_hash, lines)), note=note)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLogs:
    """Which logs a witness follows: those that open under the name of one of `keys`, also after a recovery."""

    keys: Sequence[VerifierKey]

    def keys_of(self, origin: str) -> tuple[VerifierKey, ...]:
        """Return the keys that may sign for an origin; none where it is unknown."""
        return tuple(key for key in self.keys if _opens_under(origin, key.name))


def admit(submission: Submission, logs: KnownLogs) -> Checkpoint:
    """Return the checkpoint of a submission that a known log signed. Raises Refused with 400, 403 or 404."""
    try:
        origin = Checkpoint.parse(submission.note.partition("\n\n")[0] + "\n").origin
        keys = logs.keys_of(origin)
        if not keys:
            raise Refused(404, "This witness does not follow that log.\n")
        checkpoint = checkpoints.open_checkpoint(submission.note, keys)
    except (MalformedNote, MalformedCheckpoint) as error:
        raise Refused(400, f"{error}\n") from error
    except UntrustedNote as error:
        raise Refused(403, f"{error}\n") from error
    if submission.old > checkpoint.size:
        raise Refused(400, "The old size is larger than the checkpoint's.\n")
    return checkpoint


def follow(checkpoint: Checkpoint, submission: Submission, held: Checkpoint | None) -> None:
    """Check that an admitted checkpoint continues `held`, the newest one that was cosigned of its log.

    Raises OtherSize (409) and Contradicts (422).
    """
    size = held.size if held else 0
    if submission.old != size:
        raise OtherSize(size)
    if checkpoint.size == 0 and checkpoint.root != merkle.EMPTY_ROOT:
        raise Contradicts("An empty log has another root.\n")
    # What nobody has seen yet may begin in any way: the empty tree is the beginning of every tree.
    if held is None or size == 0:
        continues = not submission.proof
    else:
        continues = merkle.extends(
            old=size, new=checkpoint.size, old_root=held.root, new_root=checkpoint.root, proof=submission.proof
        )
    if not continues:
        raise Contradicts(f"The proof does not show that the log continues what it was at {size} leaves.\n")


def read_keys(texts: Iterable[str]) -> list[VerifierKey]:
    """Read verifier keys, one a line, as `/ledger/key` gives them. Raises MalformedKey."""
    return [VerifierKey.parse(line.strip()) for text in texts for line in text.splitlines() if line.strip()]


def hash_origin(origin: str) -> str:
    """Return the SHA-256 of a log's origin in hexadecimal digits, under which witnesses serve its checkpoint."""
    return hashlib.sha256(origin.encode()).hexdigest()


def _opens_under(origin: str, name: str) -> bool:
    return origin == name or re.fullmatch(re.escape(name) + r"/(?:[2-9]|[1-9][0-9]{1,8})", origin, re.ASCII) is not None


def _hash(line: str) -> bytes:
    try:
        value = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedSubmission("A hash of the proof is not base64.") from error
    if len(value) != merkle.HASH_BYTES or base64.b64encode(value).decode() != line:
        raise MalformedSubmission("A hash of the proof is not 32 bytes in base64.")
    return value
