"""Opening logs and announcing keys: what the ledger says of itself, in a stream of each log's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from waxell.ledger.domain import entries
from waxell.ledger.domain.notes import Signer
from waxell.ledger.models import Log, LogKey
from waxell.ledger.queries import checkpoints
from waxell.lib import ids
from waxell.lib.db.calls import call, call_one

INSTALLATION: Final = UUID(int=0)
"""The project of entries that belong to none: the nil UUID."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The published head that a new log goes on from, and in plain JSON what of it the database lacks.

    `log` is its number, None for the newest log here.
    """

    origin: str
    size: int
    root: bytes
    note: str
    missing: Mapping[str, object]
    log: int | None = None


def open_log(signer: Signer, *, previous: Lost | None = None) -> Log:
    """Open the first log, or after a recovery the next; its first entry says what came before.

    The entry waits in the queue and becomes leaf 0. ValueError where `previous` is missing or too much.
    """
    before = checkpoints.newest_log()
    newest = before.number if before else 0
    lost = (previous.log or newest) if previous else 0
    if (before is not None and previous is None) or (previous is not None and lost == 0):
        raise ValueError("A new log names the head of the one before, and only the first has none.")
    number = max(newest, lost) + 1
    stream = ids.uuid7()
    name = signer.verifier.name
    origin = name if number == 1 else f"{name}/{number}"
    members = {
        "log": number,
        "origin": origin,
        "key": str(signer.verifier),
        "previous": None if previous is None else _named(lost, previous),
    }
    call(
        "SELECT ledger_log_open_v2(%s::integer, %s, %s, %s, %s, %s, %s)",
        (
            number,
            stream,
            origin,
            previous.size if previous else None,
            previous.root if previous else None,
            str(signer.verifier),
            _entry(stream, seq=1, prev=None, type="ledger.opened", members=members),
        ),
    )
    return Log.objects.get(number=number)


def announce_key(log: Log, signer: Signer, *, replaces: Signer) -> None:
    """Announce, in the log, the key that is to sign after `replaces`. Once is enough; again changes nothing."""
    vkey = str(signer.verifier)
    if LogKey.objects.filter(vkey=vkey).exists():
        return
    head = call_one("SELECT seq, head FROM ledger_stream WHERE id = %s", (log.id,))
    members = {"log": log.number, "key": vkey, "replaces": str(replaces.verifier)}
    body = _entry(
        log.id,
        seq=head.seq + 1,
        prev=entries.name_digest(head.head),
        type="ledger.key_announced",
        members=members,
    )
    call("SELECT ledger_key_announce_v1(%s::integer, %s, %s)", (log.number, vkey, body))


def _named(number: int, lost: Lost) -> dict[str, object]:
    return {
        "log": number,
        "origin": lost.origin,
        "size": lost.size,
        "root": entries.name_digest(lost.root),
        "note": lost.note,
        "missing": dict(lost.missing),
    }


def _entry(stream: UUID, *, seq: int, prev: str | None, type: str, members: Mapping[str, object]) -> bytes:
    return entries.compose(
        project=INSTALLATION,
        stream=stream,
        seq=seq,
        prev=prev,
        nonce=ids.nonce(),
        at=call_one("SELECT clock_timestamp() AS now").now,
        type=type,
        state=None,
        members=members,
    )
