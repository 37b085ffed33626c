"""Signed notes (C2SP signed-note) with Ed25519: a text, an empty line, a line for each signature."""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519: Final = b"\x01"
KEY_ID_BYTES: Final = 4
MAX_SIGNATURES: Final = 100
_DASH: Final = "\N{EM DASH} "
SECRET: Final = "PRIVATE+KEY+"  # noqa: S105  the first words of a signing key's text, not one


class MalformedNote(ValueError):
    """This is not a signed note."""


class MalformedKey(ValueError):
    """This is not a key."""


class UntrustedNote(ValueError):
    """No known key has signed this note, or the signature of one does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signed and with which key, and what the key gave. `key_id` is 4 bytes."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text that ends in a newline, and the signatures under it, in order."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A key's public half, with the name it signs under. `public` is 32 bytes."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name+id+base64`, the form in which auditors are given it. Raises MalformedKey."""
        name, id_text, public = read_key(text, ED25519)
        key = cls(name=name, public=public)
        if key.key_id.hex() != id_text:
            raise MalformedKey("The key's id is not that of its name and bytes.")
        return key

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, ED25519, self.public)

    def __str__(self) -> str:
        return write_key(self.name, self.key_id, ED25519, self.public)

    def verifies(self, text: str, signature: Signature) -> bool:
        """Tell whether `signature` is this key's over `text`."""
        if (signature.name, signature.key_id) != (self.name, self.key_id):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature.value, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SigningKey:
    """A key that signs under a name. `seed` is the 32 secret bytes of RFC 8032."""

    name: str
    seed: bytes

    @classmethod
    def generate(cls, name: str) -> Self:
        """Make a new key. Raises MalformedKey where nothing may be called so."""
        check_name(name)
        return cls(name=name, seed=Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `PRIVATE+KEY+name+id+base64`, the form that Go's note package writes. Raises MalformedKey."""
        if not text.startswith(SECRET):
            raise MalformedKey("A signing key begins with PRIVATE+KEY+.")
        name, id_text, seed = read_key(text.removeprefix(SECRET), ED25519)
        key = cls(name=name, seed=seed)
        if key.verifier.key_id.hex() != id_text:
            raise MalformedKey("The key's id is not that of its name and bytes.")
        return key

    @property
    def verifier(self) -> VerifierKey:
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(name=self.name, public=public)

    def secret(self) -> str:
        """Return the text that `parse` reads. Whoever has it can sign."""
        return SECRET + write_key(self.name, self.verifier.key_id, ED25519, self.seed)

    def sign(self, text: str) -> Signature:
        """Sign `text`, which is all of a note before its empty line."""
        value = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return Signature(name=self.name, key_id=self.verifier.key_id, value=value)


class Signer(Protocol):
    """Whatever can sign: a SigningKey, or something that keeps its key elsewhere."""

    @property
    def verifier(self) -> VerifierKey: ...

    def sign(self, text: str) -> Signature: ...


def read_key(text: str, kind: bytes) -> tuple[str, str, bytes]:
    """Split `name+id+base64` into the name, the id and the 32 bytes of a key of this kind. Raises MalformedKey."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise MalformedKey("A key has a name, an id and bytes, with + between them.")
    name, id_text, material = parts[0], parts[1], _decode(parts[2])
    check_name(name)
    if material[:1] != kind or len(material) != 33:
        raise MalformedKey("The key is of a kind that is not known here.")
    return name, id_text, material[1:]


def write_key(name: str, own_id: bytes, kind: bytes, material: bytes) -> str:
    """Return the text that `read_key` splits."""
    return f"{name}+{own_id.hex()}+{base64.b64encode(kind + material).decode()}"


def key_id(name: str, kind: bytes, public: bytes) -> bytes:
    """Return the first 4 bytes of SHA-256(name, newline, kind, key)."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:KEY_ID_BYTES]


def check_name(name: str) -> None:
    """Raise MalformedKey where nothing may be called so."""
    if not _is_name(name):
        raise MalformedKey("A key's name is not empty and has no space, no + and no control character.")


def parse(raw: str | bytes) -> Note:
    """Read a note without believing it: that is `open_note`'s. Raises MalformedNote."""
    try:
        whole = raw.decode() if isinstance(raw, bytes) else raw
    except UnicodeDecodeError as error:
        raise MalformedNote("A note is UTF-8.") from error
    if any(character < " " and character != "\n" for character in whole):
        raise MalformedNote("A note has no control characters.")
    text, blank, below = whole.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise MalformedNote("A note ends in an empty line and at least one signature.")
    lines = below[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise MalformedNote("The note has too many signatures.")
    return Note(text=text + "\n", signatures=tuple(map(_signature, lines)))


def open_note(raw: str | bytes, keys: Iterable[VerifierKey]) -> Note:
    """Read a note that one of `keys` must have signed; unknown signatures are passed over.

    Raises MalformedNote, and UntrustedNote where no known key signed or a known one's signature fails.
    """
    note = parse(raw)
    known = {(key.name, key.key_id): key for key in keys}
    ours = [signature for signature in note.signatures if (signature.name, signature.key_id) in known]
    if not ours:
        raise UntrustedNote("No known key has signed this note.")
    for signature in ours:
        if not known[signature.name, signature.key_id].verifies(note.text, signature):
            raise UntrustedNote(f"The signature of {signature.name} does not hold.")
    return note


def _signature(line: str) -> Signature:
    name, space, material = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not _is_name(name):
        raise MalformedNote("A line under the note is not a signature.")
    try:
        value = _decode(material)
    except MalformedKey as error:
        raise MalformedNote("A signature is not base64.") from error
    if len(value) <= KEY_ID_BYTES:
        raise MalformedNote("A signature is too short.")
    return Signature(name=name, key_id=value[:KEY_ID_BYTES], value=value[KEY_ID_BYTES:])


def _is_name(name: str) -> bool:
    return bool(name) and not any(character.isspace() or character == "+" or character < " " for character in name)


def _decode(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedKey("This is not base64.") from error
    if base64.b64encode(value).decode() != text:
        # Other spellings of the same bytes would let one note have two texts.
        raise MalformedKey("This is not canonical base64.")
    return value
