"""Where signing keys are kept, and how one follows another.

Only the sealer holds a key. A next key is put beside the current one; the sealer announces it in the
log, and signs with it once a checkpoint of the current key covers the announcement. Others plug in
through the setting WAXELL_LEDGER_KEY_STORE: a hardware key needs a KeyStore whose signers call it.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from waxell.ledger.domain.notes import MalformedKey, Signer, SigningKey
from waxell.lib.errors import DomainError

NEXT_SUFFIX: Final = ".next"


class KeyMissing(DomainError):
    """There is no key to sign checkpoints with: `manage.py ledger_key create` makes one."""

    code = "key_missing"
    status = 503


class KeyUnreadable(DomainError):
    """The key to sign checkpoints with cannot be read."""

    code = "key_unreadable"
    status = 503


class KeyExists(DomainError):
    """There is a key already, and it is never overwritten."""

    code = "key_exists"
    status = 409


class KeyStore(Protocol):
    """Holds the key that signs, and perhaps the one that will."""

    def current(self) -> Signer:
        """Raises KeyMissing, KeyUnreadable."""

    def next(self) -> Signer | None:
        """Return the key that is to take over. Raises KeyUnreadable."""

    def promote(self) -> None:
        """Make the next key the current one. Called each time the next one may sign, so it repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKeys:
    """A key in a file that only its owner may read; the next one in a file beside it."""

    path: Path

    @property
    def next_path(self) -> Path:
        return self.path.with_name(self.path.name + NEXT_SUFFIX)

    def current(self) -> Signer:
        if (key := self._read(self.path)) is None:
            raise KeyMissing()
        return key

    def next(self) -> Signer | None:
        return self._read(self.next_path)

    def promote(self) -> None:
        if self.next_path.exists():
            self.next_path.replace(self.path)
            _settle(self.path.parent)

    def create(self, name: str) -> SigningKey:
        """Make the first key. Raises KeyExists, MalformedKey."""
        return self._write(self.path, SigningKey.generate(name))

    def rotate(self) -> SigningKey:
        """Make the next key, under the same name. Raises KeyMissing, KeyExists, KeyUnreadable."""
        return self._write(self.next_path, SigningKey.generate(self.current().verifier.name))

    def _read(self, path: Path) -> SigningKey | None:
        try:
            return SigningKey.parse(path.read_text().strip())
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, MalformedKey) as error:
            raise KeyUnreadable(f"{path.name}: {error}") from error

    def _write(self, path: Path, key: SigningKey) -> SigningKey:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as stream:
                stream.write(key.secret() + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            # A link, unlike a rename, never replaces a key that came to be meanwhile.
            os.link(draft, path)
        except FileExistsError as error:
            raise KeyExists() from error
        finally:
            draft.unlink()
        _settle(path.parent)
        return key


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EnvironmentKeys:
    """Keys given as text. Whoever sets them also takes the old one away, after the new one has signed."""

    text: str
    next_text: str = ""

    def current(self) -> Signer:
        return self._parse("WAXELL_LEDGER_KEY", self.text)

    def next(self) -> Signer | None:
        return self._parse("WAXELL_LEDGER_NEXT_KEY", self.next_text) if self.next_text else None

    def promote(self) -> None:
        """The environment is not ours to change; what was announced goes on signing."""

    def _parse(self, name: str, text: str) -> SigningKey:
        try:
            return SigningKey.parse(text.strip())
        except MalformedKey as error:
            raise KeyUnreadable(f"{name}: {error}") from error


def configured() -> KeyStore:
    """Return the key store that the settings name."""
    store: KeyStore = import_string(settings.WAXELL_LEDGER_KEY_STORE)()
    return store


def from_settings() -> KeyStore:
    """Return the keys of the environment where it has any, else those of the file."""
    if settings.WAXELL_LEDGER_KEY:
        return EnvironmentKeys(text=settings.WAXELL_LEDGER_KEY, next_text=settings.WAXELL_LEDGER_NEXT_KEY)
    return FileKeys(path=settings.WAXELL_LEDGER_KEY_FILE)


def invent_name() -> str:
    """Return a name for an installation that nobody named: unlike every other's, and no real address."""
    return f"waxell.internal/{secrets.token_hex(5)}"


def _settle(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
