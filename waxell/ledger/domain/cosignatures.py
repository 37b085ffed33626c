"""Cosignatures (C2SP tlog-cosignature, Ed25519): a witness says that it saw a log grow, and when.

The line joins those of the log's own key under a checkpoint. What it signs is the checkpoint's text
with the time before it, so that no other signature of the same key can pass for one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from waxell.ledger.domain import notes
from waxell.ledger.domain.notes import MalformedKey, Note, Signature, UntrustedNote

COSIGNATURE: Final = b"\x04"
_TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class CosignerKey:
    """A witness's public key, with the name it cosigns under. `public` is 32 bytes."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name+id+base64`. Raises MalformedKey."""
        name, id_text, public = notes.read_key(text, COSIGNATURE)
        key = cls(name=name, public=public)
        if key.key_id.hex() != id_text:
            raise MalformedKey("The key's id is not that of its name and bytes.")
        return key

    @property
    def key_id(self) -> bytes:
        return notes.key_id(self.name, COSIGNATURE, self.public)

    def __str__(self) -> str:
        return notes.write_key(self.name, self.key_id, COSIGNATURE, self.public)

    def find(self, note: Note) -> "Cosignature | None":
        """Return this key's cosignature under a note, None where it has none. Raises UntrustedNote for a false one."""
        for signature in note.signatures:
            if (signature.name, signature.key_id) == (self.name, self.key_id):
                return Cosignature(signature=signature, cosigned_at=self._time_of(note.text, signature))
        return None

    def _time_of(self, text: str, signature: Signature) -> int:
        if len(signature.value) != _TIME_BYTES + _SIGNATURE_BYTES:
            raise UntrustedNote(f"The cosignature of {self.name} is not one.")
        at = int.from_bytes(signature.value[:_TIME_BYTES], "big")
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature.value[_TIME_BYTES:], _message(text, at))
        except InvalidSignature as error:
            raise UntrustedNote(f"The cosignature of {self.name} does not hold.") from error
        return at


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """A line that holds, and the POSIX second at which the witness made it."""

    signature: Signature
    cosigned_at: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CosigningKey:
    """A witness's key. `seed` is the 32 secret bytes of RFC 8032; no two witnesses may share it."""

    name: str
    seed: bytes

    @classmethod
    def generate(cls, name: str) -> Self:
        """Make a new key. Raises MalformedKey where nothing may be called so."""
        notes.check_name(name)
        return cls(name=name, seed=Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `secret` returned. Raises MalformedKey."""
        if not text.startswith(notes.SECRET):
            raise MalformedKey("A signing key begins with PRIVATE+KEY+.")
        name, id_text, seed = notes.read_key(text.removeprefix(notes.SECRET), COSIGNATURE)
        key = cls(name=name, seed=seed)
        if key.verifier.key_id.hex() != id_text:
            raise MalformedKey("The key's id is not that of its name and bytes.")
        return key

    @property
    def verifier(self) -> CosignerKey:
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return CosignerKey(name=self.name, public=public)

    def secret(self) -> str:
        """Return the text that `parse` reads. Whoever has it can cosign."""
        return notes.SECRET + notes.write_key(self.name, self.verifier.key_id, COSIGNATURE, self.seed)

    def cosign(self, text: str, *, at: int) -> Signature:
        """Cosign a checkpoint's text, as seen at the POSIX second `at`."""
        value = Ed25519PrivateKey.from_private_bytes(self.seed).sign(_message(text, at))
        return Signature(name=self.name, key_id=self.verifier.key_id, value=at.to_bytes(_TIME_BYTES, "big") + value)


def with_lines(note: str, lines: Iterable[str]) -> str:
    """Return a signed note with the lines of cosignatures that it has not yet."""
    return note + "".join(line for line in lines if line not in note)


def _message(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n".encode() + text.encode()
