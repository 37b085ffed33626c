"""Publishing into a directory, which may be mounted from elsewhere or served by any web server."""

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from waxell.ledger.services.stores import StoreUnreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryStore:
    """Each name is a file below `path`; a file is there whole or not at all, also after a power cut."""

    path: Path

    def read(self, name: str) -> bytes | None:
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreUnreachable(f"{name}: {error.strerror}") from error

    def write(self, name: str, content: bytes) -> None:
        file = self.path / name
        draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        try:
            self._make(file.parent)
            with draft.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(file)
            _settle(file.parent)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise StoreUnreachable(f"{name}: {error.strerror}") from error

    def remove(self, names: Iterable[str]) -> None:
        try:
            parents = {(self.path / name).parent for name in names if self._unlink(name)}
            for parent in parents:
                # Partial tiles have a directory of their own, which is empty now.
                with suppress(OSError):
                    parent.rmdir()
        except OSError as error:
            raise StoreUnreachable(str(error.strerror)) from error

    def _unlink(self, name: str) -> bool:
        try:
            (self.path / name).unlink()
        except FileNotFoundError:
            return False
        return True

    def _make(self, directory: Path) -> None:
        """Make a directory that lasts: each new name is settled in the directory above it."""
        if not directory.is_dir():
            if directory != directory.parent:
                self._make(directory.parent)
            directory.mkdir(exist_ok=True)
            _settle(directory.parent)


def _settle(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
