"""Running the verifier on a bundle as a stranger would: the very file that is given away, in a process of its own.

Whatever a bundle holds, it meets a process without our database, our settings and our network
addresses, with bounded time and memory.
"""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from waxell.ledger import verifier
from waxell.lib.errors import DomainError, Invalid, Unavailable

SECONDS: Final = 60
MEMORY_BYTES: Final = 1024 * 1024 * 1024
ANSWER_BYTES: Final = 8 * 1024 * 1024
AT_ONCE: Final = 2

OPTIONS: Final = {"keys": "--key", "checkpoint": "--checkpoint", "witnesses": "--witness"}

# Limits are set by the child itself: a hook between fork and exec is unsafe beside threads.
_BOUNDED: Final = """
import resource, runpy, sys
seconds, memory, answer = map(int, sys.argv[1:4])
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_FSIZE, (answer, answer))
sys.argv = sys.argv[4:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
_running: Final = threading.BoundedSemaphore(AT_ONCE)


class ChecksBusy(Unavailable):
    """Others are checking bundles just now; try again in a moment."""

    code = "checks_busy"


class CheckTooLong(DomainError):
    """This bundle takes more time or memory to check than a page may use; check it with the program itself."""

    code = "check_too_long"
    status = 413


class NothingChecked(Invalid):
    """The verifier could read nothing of this."""

    code = "nothing_checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One thing that the verifier says, and where: a line of the bundle, a stream and an entry of it."""

    message: str
    line: int | None = None
    stream: str | None = None
    entry: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The verifier's word. `summary` counts what was looked at, `more` the faults beyond those listed."""

    holds: bool
    faults: tuple[Place, ...]
    notes: tuple[Place, ...]
    more: int
    summary: Mapping[str, Any]


def check(bundle: Path, *, keys: str, checkpoint: str = "", witnesses: str = "", unfinished: bool = True) -> Checked:
    """Check the bundle in a file with verifier keys, one a line, and perhaps an older checkpoint.

    `witnesses` are keys too, one a line: what is not cosigned by each of them does not hold.
    Raises ChecksBusy, CheckTooLong, NothingChecked.
    """
    if not _running.acquire(blocking=False):
        raise ChecksBusy(retry_after=SECONDS // 2)
    try:
        with tempfile.TemporaryDirectory(prefix="waxell-check-") as folder:
            options = _options(Path(folder), keys=keys, checkpoint=checkpoint, witnesses=witnesses)
            if unfinished:
                options.append("--unfinished")
            return _check(bundle, Path(folder), options)
    finally:
        _running.release()


def _options(folder: Path, **kept: str) -> list[str]:
    """Put what the reader kept into files, and name them as the program wants it."""
    options = ["--json"]
    for option, text in kept.items():
        if text:
            (folder / option).write_text(text, encoding="utf-8", newline="")
            options += [OPTIONS[option], str(folder / option)]
    return options


def _check(bundle: Path, folder: Path, options: list[str]) -> Checked:
    answer = folder / "answer"
    limits = [str(SECONDS), str(MEMORY_BYTES), str(ANSWER_BYTES)]
    command = [sys.executable, "-I", "-X", "utf8", "-c", _BOUNDED, *limits, str(verifier.SOURCE), str(bundle), *options]
    with answer.open("wb") as told, (folder / "errors").open("wb") as errors:
        try:
            done = subprocess.run(command, stdout=told, stderr=errors, env={}, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise CheckTooLong() from error
    said = (folder / "errors").read_text(encoding="utf-8", errors="replace")
    if done.returncode == 2:
        raise NothingChecked(said.removeprefix("Nothing was checked: ").strip() or None)
    if done.returncode not in (0, 1):
        raise CheckTooLong()
    try:
        document = orjson.loads(answer.read_bytes())
    except orjson.JSONDecodeError as error:
        # Ended by a limit, in whatever way Python ends then.
        raise CheckTooLong() from error
    return Checked(
        holds=document["holds"],
        faults=tuple(Place(**found) for found in document["faults"]),
        notes=tuple(Place(**found) for found in document["notes"]),
        more=document["more_faults"],
        summary=document["checked"],
    )
