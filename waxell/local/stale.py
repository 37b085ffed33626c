"""What a server that did not stop cleanly leaves behind. Called under the home's lock, so nothing here is in use."""

import contextlib
import os
import signal
import time
from pathlib import Path

from waxell.local.home import Home

ORPHAN_SECONDS = 10.0


def clear(home: Home) -> None:
    """End an orphaned server of this home; drop a lock file whose process id now belongs to somebody else."""
    pid = _postmaster(home.data / "postmaster.pid")
    if pid is None or not _alive(pid):
        return
    if _serves(pid, home.data):
        _end(pid)
    else:
        for leftover in (home.data / "postmaster.pid", home.socket_directory() / ".s.PGSQL.5432.lock"):
            leftover.unlink(missing_ok=True)


def _postmaster(file: Path) -> int | None:
    try:
        return int(file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _zombie(pid)


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def _serves(pid: int, data: Path) -> bool:
    """A postmaster's working directory is its data directory; without /proc we cannot tell and say no."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == data.resolve()
    except OSError:
        return False


def _end(pid: int) -> None:
    for number in (signal.SIGINT, signal.SIGQUIT):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        until = time.monotonic() + ORPHAN_SECONDS
        while time.monotonic() < until:
            if not _alive(pid):
                return
            time.sleep(0.05)
