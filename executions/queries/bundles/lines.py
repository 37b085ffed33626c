"""The lines of a bundle: canonical JSON, one value a line, the last one committing to all before it."""

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO, Final

from waxell.lib import canonical
from waxell.lib.times import format_time

FORMAT: Final = "waxell-bundle/1"


class Lines:
    """Writes lines to a file as they come, so that a bundle of any size takes no memory."""

    def __init__(self, file: BinaryIO, *, scope: dict[str, object], made_at: datetime) -> None:
        self._file = file
        self._running = hashlib.sha256()
        self._number = 0
        self.add("bundle", format=FORMAT, scope=scope, made_at=format_time(made_at))

    def add(self, kind: str, **members: object) -> None:
        """Write one line."""
        line = canonical.encode({"kind": kind, **members}) + b"\n"
        self._running.update(line)
        self._number += 1
        self._file.write(line)

    def end(self) -> None:
        """Write the last line, without which a bundle counts as cut off."""
        self.add("end", lines=self._number + 1, digest=f"sha256:{self._running.hexdigest()}")


def hash_texts(hashes: Iterable[bytes]) -> list[str]:
    """Return hashes as C2SP formats write them."""
    return [base64.b64encode(value).decode() for value in hashes]


def content_members(content: bytes, salt: bytes) -> dict[str, object]:
    """Return how a payload's content is written: as text where it is text, so that people can read it."""
    members: dict[str, object] = {"salt": base64.b64encode(salt).decode()}
    try:
        return {**members, "text": content.decode()}
    except UnicodeDecodeError:
        return {**members, "base64": base64.b64encode(content).decode()}
