"""What a backup says of itself: enough to refuse it where it does not belong, before anything is changed."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from waxell.lib.errors import DomainError

FORMAT: Final = "waxell-backup/1"
MANIFEST: Final = "manifest.json"
DUMP: Final = "database.dump"


class BackupUnusable(DomainError):
    """This is not a backup that can be restored here."""

    code = "backup_unusable"
    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest checkpoint of the snapshot that was dumped."""

    log: int
    origin: str
    size: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`postgresql` is a server_version_num, `migrations` all that were applied, as `app.name`.

    `waiting` entries were not sealed yet. `bytes` and `digest` are the dump's.
    """

    made_at: str
    postgresql: int
    migrations: tuple[str, ...]
    head: Head | None
    waiting: int
    bytes: int
    digest: str

    def text(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Read a backup's manifest. Raises BackupUnusable."""
        try:
            found: dict[str, Any] = json.loads((directory / MANIFEST).read_bytes())
            if found.pop("format") != FORMAT:
                raise BackupUnusable(f"{directory} is of a form that is not known here ({FORMAT}).")
            head = found.pop("head")
            migrations = tuple(found.pop("migrations"))
            return cls(head=Head(**head) if head else None, migrations=migrations, **found)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BackupUnusable(f"{directory} has no {MANIFEST} that can be read: {error}") from error

    def check_dump(self, directory: Path) -> Path:
        """Return the dump's file once it is the one that was made. Raises BackupUnusable."""
        file = directory / DUMP
        try:
            if (file.stat().st_size, digest_of(file)) == (self.bytes, self.digest):
                return file
        except OSError as error:
            raise BackupUnusable(f"{file} cannot be read: {error.strerror}") from error
        raise BackupUnusable(f"{file} is damaged: it is not what the manifest says.")


def digest_of(file: Path) -> str:
    """Return `sha256:` and the hexadecimal digits of a file's digest."""
    with file.open("rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()
