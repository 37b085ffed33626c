"""What a witness keeps in its directory: its key, and the newest checkpoint it cosigned of each log.

Key and memory live and go together. A witness that forgot what it cosigned would cosign a second
history; one whose directory is lost is another witness, with another key.
"""

import fcntl
import hashlib
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from waxell.ledger.domain.checkpoints import Checkpoint
from waxell.ledger.domain.cosignatures import CosigningKey
from waxell.ledger.domain.witnessing import hash_origin

KEPT_REFUSALS: Final = 100
"""Contradictions kept of one log: one proves enough, and nobody fills the disk."""


class StoreUnusable(Exception):
    """The directory is not a witness's; the message is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessStore:
    """The directory `path`. One process may use it at a time: see `lock`."""

    path: Path

    @classmethod
    def create(cls, path: Path, *, name: str) -> "WitnessStore":
        """Make a witness. Raises StoreUnusable where there is one, MalformedKey for a bad name."""
        key = CosigningKey.generate(name)
        store = cls(path=path)
        if store._key_file.exists() or store._logs.exists():
            raise StoreUnusable(f"{path} is a witness already.")
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        store._logs.mkdir(mode=0o700)
        _write(store._key_file, key.secret().encode() + b"\n")
        return store

    def lock(self) -> int:
        """Hold the directory until this process ends; returns the descriptor that holds it. Raises StoreUnusable."""
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreUnusable(f"{self.path} cannot be used: {error.strerror}.") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise StoreUnusable(f"Another witness is at work in {self.path}.") from error
        return descriptor

    def key(self) -> CosigningKey:
        """Return the witness's key. Raises StoreUnusable, MalformedKey."""
        if not self._logs.is_dir():
            # Without its memory the key must not be used: it could sign against its own word.
            raise StoreUnusable(f"{self.path} is no witness: make one with `init`.")
        try:
            return CosigningKey.parse(self._key_file.read_text().strip())
        except OSError as error:
            raise StoreUnusable(f"{self._key_file} cannot be read: {error.strerror}.") from error

    def note(self, origin_hash: str) -> str | None:
        """Return the newest note cosigned of a log, by the SHA-256 of its origin in hexadecimal digits."""
        try:
            return (self._logs / origin_hash / "checkpoint").read_text()
        except FileNotFoundError:
            return None

    def all_notes(self) -> list[str]:
        """Return the newest note of each log."""
        return [file.read_text() for file in sorted(self._logs.glob("*/checkpoint"))]

    def head(self, origin: str) -> Checkpoint | None:
        """Return the newest checkpoint cosigned of a log. Raises MalformedCheckpoint where the disk has spoilt it."""
        note = self.note(hash_origin(origin))
        return None if note is None else Checkpoint.parse(note.rpartition("\n\n")[0] + "\n")

    def keep(self, origin: str, note: str) -> None:
        """Keep a cosigned note, durably, before returning: only then may the cosignature leave."""
        directory = self._logs / hash_origin(origin)
        if not directory.is_dir():
            directory.mkdir(mode=0o700, exist_ok=True)
            _settle(self._logs)
        _write(directory / "checkpoint", note.encode())

    def keep_refusal(self, origin: str, note: str) -> None:
        """Keep a note that contradicts what was cosigned: the log's own signature proves it."""
        directory = self._logs / hash_origin(origin) / "refused"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = hashlib.sha256(note.encode()).hexdigest()[:32]
        if not (directory / name).exists() and len(list(directory.iterdir())) < KEPT_REFUSALS:
            _write(directory / name, note.encode())

    @property
    def _key_file(self) -> Path:
        return self.path / "key"

    @property
    def _logs(self) -> Path:
        return self.path / "logs"


def _write(file: Path, content: bytes) -> None:
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    _settle(file.parent)


def _settle(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
