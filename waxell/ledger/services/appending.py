"""Appending to streams that are not executions: a project's governance, and addenda."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from django.db import transaction

from waxell.ledger.domain import entries
from waxell.ledger.domain.entries import Receipt, SaltedPayload
from waxell.lib import ids
from waxell.lib.db.calls import call_one
from waxell.lib.errors import DomainError

NOTHING: Final[Mapping[str, bytes]] = MappingProxyType({})


class StreamMissing(DomainError):
    """There is no such stream of entries."""

    code = "stream_missing"
    status = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of a stream whose row is locked, and the database's time. `seq` 0: still empty."""

    seq: int
    digest: str | None
    now: datetime


def append(
    *,
    project: UUID,
    stream: UUID,
    type: str,
    state: str | None,
    members: Mapping[str, object],
    payloads: Mapping[str, bytes] = NOTHING,
) -> Receipt:
    """Append one entry, in a transaction of its own or in the caller's. Raises StreamMissing."""
    salted = salt_all(payloads)
    with transaction.atomic():
        head = lock(stream)
        body = next_entry(
            head, project=project, stream=stream, type=type, state=state, members=members, payloads=salted
        )
        row = call_one(
            "SELECT seq, digest FROM ledger_stream_append_v1(%s, %s, %s, %s::text[], %s::bytea[], %s::bytea[])",
            (project, stream, body, *columns(salted)),
        )
    return Receipt(stream=str(stream), seq=row.seq, digest=entries.name_digest(row.digest) or "")


def lock(stream: UUID) -> Head:
    """Lock the end of `stream` until the surrounding transaction ends. Raises StreamMissing."""
    row = call_one("SELECT seq, head, now FROM ledger_stream_lock_v1(%s)", (stream,))
    if row is None:
        raise StreamMissing()
    return Head(seq=row.seq, digest=entries.name_digest(row.head), now=row.now)


def next_entry(
    head: Head,
    *,
    project: UUID,
    stream: UUID,
    type: str,
    state: str | None,
    members: Mapping[str, object],
    payloads: Iterable[SaltedPayload] = (),
) -> bytes:
    """Return the bytes of the entry that follows `head`."""
    return entries.compose(
        project=project,
        stream=stream,
        seq=head.seq + 1,
        prev=head.digest,
        nonce=ids.nonce(),
        at=head.now,
        type=type,
        state=state,
        members=members,
        payloads=payloads,
    )


def salt_all(contents: Mapping[str, bytes]) -> tuple[SaltedPayload, ...]:
    """Give each content, by name, a random salt of its own."""
    return tuple(
        SaltedPayload(name=name, content=content, salt=secrets.token_bytes(entries.SALT_BYTES))
        for name, content in contents.items()
    )


def columns(payloads: Iterable[SaltedPayload]) -> tuple[list[str], list[bytes], list[bytes]]:
    """Return names, salts and contents as the SQL functions take them."""
    given = tuple(payloads)
    return (
        [payload.name for payload in given],
        [payload.salt for payload in given],
        [payload.content for payload in given],
    )
