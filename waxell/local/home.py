"""The home: the one directory that holds everything a local run keeps."""

import fcntl
import hashlib
import json
import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waxell.local.errors import CannotStart

SECRET_NAMES = ("secret_key", "postgres", "owner", "app", "sealer", "broker")
# A Unix socket's whole path must fit 107 bytes; PostgreSQL adds "/.s.PGSQL.5432".
SOCKET_DIRECTORY_BYTES = 100 - len("/.s.PGSQL.5432")
# Commas, quotes and spaces would be read as syntax by libpq or by postgres itself.
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    path: Path

    @property
    def data(self) -> Path:
        return self.path / "pg"

    @property
    def logs(self) -> Path:
        return self.path / "log"

    @property
    def ready_file(self) -> Path:
        return self.path / "ready.json"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics"

    @property
    def demo_file(self) -> Path:
        return self.path / "demo.json"

    def prepare(self) -> None:
        """Make the directory, 0700. Raises CannotStart where that is not possible."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise CannotStart(
                f"{self.path} cannot be written to ({error.strerror}): set WAXELL_HOME to a directory of your own."
            ) from error

    def lock(self) -> int:
        """Hold the home until this process ends; returns the descriptor that holds it."""
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise CannotStart(
                f"{self.path} belongs to somebody else ({error.strerror}): set WAXELL_HOME to a directory of your own."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise CannotStart(
                f"Waxell is already running in {self.path}: stop it, or set WAXELL_HOME to another directory."
            ) from error
        return descriptor

    def forget_metrics(self) -> None:
        """Remove what the processes of the last run counted: meters count since they were started."""
        for file in self.metrics.glob("*.db"):
            file.unlink(missing_ok=True)

    def secrets(self) -> dict[str, str]:
        """The passwords and the secret key, made on first use and kept."""
        file = self.path / "secrets.json"
        kept: dict[str, str] = json.loads(file.read_bytes()) if file.exists() else {}
        missing = {name: secrets.token_urlsafe(32) for name in SECRET_NAMES if name not in kept}
        if missing:
            kept |= missing
            write_private(file, kept)
        return kept

    def socket_directory(self) -> Path:
        """Where PostgreSQL listens: in the home, or in a private temporary directory where its path does not fit."""
        inside = self.path / "run"
        if _fits(inside):
            inside.mkdir(mode=0o700, exist_ok=True)
            return inside
        name = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        outside = Path(tempfile.gettempdir()) / f"waxell-{os.geteuid()}-{name}"
        if not _fits(outside):
            raise CannotStart(
                f"The path {self.path} is too long or too unusual for a Unix socket, and so is {outside}: "
                "set WAXELL_HOME to a short path."
            )
        outside.mkdir(mode=0o700, exist_ok=True)
        status = outside.lstat()
        # Anyone may write in the temporary directory: take it only if it is ours and nobody else can enter.
        if outside.is_symlink() or status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise CannotStart(f"{outside} is not a private directory of this user: remove it or set WAXELL_HOME.")
        return outside


def write_private(file: Path, value: Any) -> None:
    """Write JSON with mode 0600, whole or not at all."""
    draft = file.with_name(file.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(value, stream, indent=2)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)


def _fits(directory: Path) -> bool:
    return len(os.fsencode(directory)) <= SOCKET_DIRECTORY_BYTES and PLAIN_PATH.fullmatch(str(directory)) is not None
