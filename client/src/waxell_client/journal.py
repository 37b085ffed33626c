"""A file of intents: what was about to be said to Waxell, written down before it was said.

One JSON line before each call that has an effect, one after its answer; each is on the disk before
the program goes on. The file holds arguments and outputs, so only its owner may read it.
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from waxell_client.conversation import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One call: `key` is its Idempotency-Key, `status` and `receipt` what was answered, None without an answer."""

    key: str
    path: str
    body: Mapping[str, Any]
    at: str
    status: int | None = None
    receipt: Mapping[str, Any] | None = None


class Journal:
    """Appends to the file at `path`; safe for threads and for several processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def intend(self, key: str, path: str, body: bytes) -> None:
        """Note what is about to be said. Raises OSError: what cannot be noted is not said."""
        self._append({"intent": key, "at": _now(), "path": path, "body": json.loads(body)})

    def answered(self, key: str, reply: Reply) -> None:
        """Note what was answered."""
        # A result that came too late has its receipt under another name.
        receipt = reply.body.get("receipt") or reply.body.get("addendum")
        self._append({"answer": key, "at": _now(), "status": reply.status, "code": reply.code, "receipt": receipt})

    def ungoverned(self, kind: str, resource: str, why: str) -> None:
        """Note an action that was done though nobody could be asked."""
        self._append({"ungoverned": kind, "at": _now(), "resource": resource, "why": why})

    def _append(self, line: Mapping[str, Any]) -> None:
        content = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, content)
                os.fsync(file)
            finally:
                os.close(file)


def read(path: Path) -> Iterator[Intent]:
    """The intents of a journal in order, each with its answer. A line that was cut short is no intent."""
    intents: dict[str, Intent] = {}
    for line in path.read_bytes().splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if key := said.get("intent"):
            intents[key] = Intent(key=key, path=said["path"], body=said["body"], at=said["at"])
        elif (key := said.get("answer")) in intents:
            before = intents[key]
            intents[key] = Intent(
                key=key,
                path=before.path,
                body=before.body,
                at=before.at,
                status=said["status"],
                receipt=said["receipt"],
            )
    yield from intents.values()


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()
