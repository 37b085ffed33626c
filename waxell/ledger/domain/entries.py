"""What an entry is made of, and how it commits to the payloads beside it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from waxell.lib import canonical, times

ENTRY_VERSION: Final = 1
SALT_BYTES: Final = 16

_ENVELOPE: Final = frozenset(("v", "project", "stream", "seq", "prev", "nonce", "type", "at", "state"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SaltedPayload:
    """Content that lies beside an entry and can be erased; `salt` is 16 random bytes."""

    name: str
    content: bytes
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Where an entry is, and its digest: enough to ask for a proof of it later."""

    stream: str
    seq: int
    digest: str

    def document(self) -> dict[str, object]:
        return {"stream": self.stream, "seq": self.seq, "digest": self.digest}


def compose(
    *,
    project: UUID | str,
    stream: UUID | str,
    seq: int,
    prev: str | None,
    nonce: str,
    at: datetime,
    type: str,
    state: str | None,
    members: Mapping[str, object],
    payloads: Iterable[SaltedPayload] = (),
) -> bytes:
    """Return the canonical bytes of one entry.

    `prev` is the digest of entry `seq - 1` (None at 1), `nonce` 32 hexadecimal digits, `state` the
    digest of the governance state in force. `members` are the entry's own members, `payloads` what
    it commits to. ValueError where a member would replace one of the envelope.
    """
    if taken := _ENVELOPE & members.keys():
        raise ValueError(f"An entry's envelope already has {', '.join(sorted(taken))}.")
    entry: dict[str, object] = {
        "v": ENTRY_VERSION,
        "project": str(project),
        "stream": str(stream),
        "seq": seq,
        "prev": prev,
        "nonce": nonce,
        "type": type,
        "at": times.format_time(at),
        "state": state,
        **members,
    }
    if commitments := commit_all(payloads):
        entry["payloads"] = commitments
    return canonical.encode(entry)


def commit(content: bytes, salt: bytes) -> str:
    """Return the commitment `sha256:…` to `content`: the digest of `salt` followed by it."""
    return "sha256:" + hashlib.sha256(salt + content).hexdigest()


def commit_all(payloads: Iterable[SaltedPayload]) -> dict[str, dict[str, object]]:
    """Return an entry's `payloads` member: `{name: {commitment, bytes}}`."""
    return {
        payload.name: {"commitment": commit(payload.content, payload.salt), "bytes": len(payload.content)}
        for payload in payloads
    }


def name_digest(raw: bytes | memoryview | None) -> str | None:
    """Return the written form `sha256:…` of a digest as the database keeps it."""
    return None if raw is None else "sha256:" + bytes(raw).hex()


def raw_digest(written: str) -> bytes:
    """Return the 32 bytes of a digest written `sha256:…`."""
    return bytes.fromhex(written.removeprefix("sha256:"))
