"""Going on lawfully after leaves were lost: find the newest head we ever signed, and open a log that names it.

A head counts only if a key of ours signed it, wherever it comes from: the place of publication, a
witness, or a file that somebody kept.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from waxell.ledger.domain import checkpoints as notes
from waxell.ledger.domain import merkle
from waxell.ledger.domain import tiles as geometry
from waxell.ledger.domain.checkpoints import MalformedCheckpoint
from waxell.ledger.domain.notes import MalformedNote, Signer, UntrustedNote, VerifierKey
from waxell.ledger.domain.tiles import WIDTH, Tile
from waxell.ledger.models import Log
from waxell.ledger.queries import checkpoints, proofs
from waxell.ledger.queries.tiles import TileMissing
from waxell.ledger.services import logs, publishing
from waxell.ledger.services.keys import KeyStore
from waxell.ledger.services.logs import Lost
from waxell.ledger.services.sealer import may_sign
from waxell.ledger.services.stores import Store
from waxell.ledger.services.witnesses import Witness, WitnessUnreachable
from waxell.lib.db.calls import call_one
from waxell.lib.errors import DomainError

MOST_COUNTED: Final = 1_000_000
"""Lost leaves that are looked for in the queue; of more it is only said how many they are."""


class NothingLost(DomainError):
    """The database has everything that was ever published: there is nothing to recover from."""

    code = "nothing_lost"
    status = 409


class HeadUntrusted(DomainError):
    """A checkpoint that should be ours is not signed by a key of ours: it is not believed."""

    code = "head_untrusted"
    status = 409


class Reason(StrEnum):
    """Why a new log has to begin."""

    BEHIND = "behind"
    FORKED = "forked"
    KEY = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A checkpoint that a key of ours signed, with the number of its log and where it was found."""

    log: int
    origin: str
    size: int
    root: bytes
    note: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a recovery would write down. `waiting` of the `lost` leaves are entries that wait here to be sealed
    again; both None where nobody can say."""

    reason: Reason
    head: Head
    here: int
    lost: int | None
    waiting: int | None
    proof: tuple[bytes, ...] | None
    unasked: tuple[str, ...]

    def missing(self) -> dict[str, object]:
        """Return it as plain JSON, for the entry that opens the log."""
        return {
            "reason": self.reason.value,
            "here": self.here,
            "lost": self.lost,
            "waiting": self.waiting,
            "proof": None if self.proof is None else [base64.b64encode(sibling).decode() for sibling in self.proof],
        }


def examine(keys: KeyStore, store: Store, witnesses: Sequence[Witness], kept: Iterable[str] = ()) -> Finding:
    """Compare the database with the newest head that can be found. Changes nothing.

    `kept` are notes that somebody kept elsewhere. Raises NothingLost, HeadUntrusted, KeyMissing, and what
    reading the store raises.
    """
    signer = keys.current()
    ours = _own_keys(keys)
    newest = checkpoints.newest_log()
    numbers = {number for number in (publishing.newest_number(store), newest and newest.number) if number}
    unasked: list[str] = []
    heads = [
        *_published(store, numbers, ours),
        *_witnessed(witnesses, numbers or {1}, signer.verifier.name, ours, unasked),
        *(_head(note, ours, "the file") for note in kept),
    ]
    if not heads:
        raise NothingLost()
    # Of two that are equal the first found is named.
    head = max(heads, key=lambda one: (one.log, one.size))
    return _compare(head, newest, signer, store, tuple(unasked))


def recover(finding: Finding, signer: Signer) -> Log:
    """Open the log that goes on from `finding`. Its first entry, leaf 0, names the head and what is missing."""
    head = finding.head
    lost = Lost(
        log=head.log,
        origin=head.origin,
        size=head.size,
        root=head.root,
        note=head.note,
        missing=finding.missing(),
    )
    return logs.open_log(signer, previous=lost)


def _compare(head: Head, newest: Log | None, signer: Signer, store: Store, unasked: tuple[str, ...]) -> Finding:
    number = newest.number if newest else 0
    sealed = checkpoints.newest(number) if newest else None
    here = sealed.size if sealed and head.log == number else 0
    proof: tuple[bytes, ...] | None = None
    lost: int | None = None
    waiting: int | None = None
    if head.log < number:
        raise NothingLost(f"The newest head found is of log {head.log}, and this database has log {number}.")
    if head.log > number:
        # Whole logs are gone: how many leaves of the one before them, nobody here can say.
        reason = Reason.BEHIND
    elif head.size > here:
        reason, lost = Reason.BEHIND, head.size - here
        waiting = _count_waiting(store, head, here)
        proof = _prove(store, head, here)
        if proof is not None and sealed is not None and not _leads(head, here, bytes(sealed.root), proof):
            reason, proof = Reason.FORKED, None
    elif _root_here(head) != head.root:
        reason, lost = Reason.FORKED, 0
    elif not may_sign(signer):
        reason, lost, waiting = Reason.KEY, 0, 0
    else:
        raise NothingLost()
    return Finding(reason=reason, head=head, here=here, lost=lost, waiting=waiting, proof=proof, unasked=unasked)


def _own_keys(keys: KeyStore) -> tuple[VerifierKey, ...]:
    """Return the keys that this database knows and those that the sealer holds: a restored one may not know them."""
    following = keys.next()
    held = [keys.current().verifier, *([following.verifier] if following else [])]
    return tuple(dict.fromkeys([*checkpoints.keys(), *held]))


def _published(store: Store, numbers: Iterable[int], ours: Sequence[VerifierKey]) -> Iterator[Head]:
    for number in sorted(numbers):
        raw = publishing.note_of(store, number)
        if raw is not None:
            yield _head(raw.decode(errors="replace"), ours, "the place of publication")


def _witnessed(
    witnesses: Sequence[Witness], numbers: Iterable[int], name: str, ours: Sequence[VerifierKey], unasked: list[str]
) -> Iterator[Head]:
    for witness in witnesses:
        try:
            number, last = 1, max(numbers)
            # It may have seen logs that neither the database nor the place of publication remembers.
            while number <= last:
                note = witness.held(name if number == 1 else f"{name}/{number}")
                if note is not None:
                    last = max(last, number + 1)
                    yield _head(note, ours, f"the witness {witness.key.name}")
                number += 1
        except WitnessUnreachable:
            unasked.append(witness.key.name)


def _head(note: str, ours: Sequence[VerifierKey], found: str) -> Head:
    try:
        said = notes.open_checkpoint(note, ours)
    except (MalformedNote, MalformedCheckpoint, UntrustedNote) as error:
        raise HeadUntrusted(f"What {found} has: {error}") from error
    for name in {key.name for key in ours}:
        rest = said.origin.removeprefix(name)
        if not rest:
            number = 1
        elif said.origin != rest and rest[0] == "/" and rest[1:].isdecimal():
            number = int(rest[1:])
        else:
            continue
        return Head(log=number, origin=said.origin, size=said.size, root=said.root, note=note, found=found)
    raise HeadUntrusted(f"What {found} has is of another log: {said.origin}.")


def _root_here(head: Head) -> bytes:
    try:
        return proofs.root_at(head.log, head.size)
    except TileMissing:
        return b""


def _prove(store: Store, head: Head, here: int) -> tuple[bytes, ...] | None:
    """Return the proof from what was published that its head continues what is here; None where it cannot be made."""
    node = geometry.node_reader(lambda tile: publishing.hashes_of(store, head.log, tile), head.size)
    try:
        return merkle.prove_consistency(old=here, new=head.size, node=node)
    except TileMissing:
        return None


def _leads(head: Head, here: int, root: bytes, proof: tuple[bytes, ...]) -> bool:
    return merkle.extends(old=here, new=head.size, old_root=root, new_root=head.root, proof=proof)


def _count_waiting(store: Store, head: Head, here: int) -> int | None:
    """Return how many of the lost leaves are entries that wait in the queue; None where nobody can say."""
    if head.size - here > MOST_COUNTED:
        return None
    found = 0
    try:
        for index in range(here // WIDTH, (head.size - 1) // WIDTH + 1):
            tile = Tile(level=0, index=index, width=min(WIDTH, head.size - index * WIDTH))
            leaves = publishing.commitments_of(store, head.log, tile)[max(0, here - index * WIDTH) :]
            found += call_one(
                "SELECT count(*) AS found FROM ledger_seal_queue WHERE digest = ANY (%s::bytea[])", (leaves,)
            ).found
    except TileMissing:
        return None
    return found


def tell(finding: Finding) -> list[str]:
    """Return what was found, in sentences for the one who has to decide."""
    head = finding.head
    said = [f"The newest head that a key of ours signed is of {head.origin}, {head.size} leaves ({head.found})."]
    if finding.reason is Reason.KEY:
        said.append("The database has all of it. The key that is to sign now is not the one that the log announced.")
    elif finding.reason is Reason.FORKED:
        said.append(
            "The database holds another history of that log: it was rewritten, or sealed on from an old copy."
            " Records that were sealed in it after the fork will never verify against what was published."
        )
    elif finding.lost is None:
        said.append("The database is from before that log was opened.")
    else:
        said.append(f"The database has {finding.here} of them: {finding.lost} are lost.")
    if finding.waiting:
        said.append(f"Of those, {finding.waiting} are entries that are here and will be sealed again.")
    if finding.unasked:
        said.append(f"Not reached, so perhaps they know of more: {', '.join(finding.unasked)}.")
    said.append(
        "A new log will be opened. Its first entry names that head and what is missing, for ever and for everybody;"
        " older bundles go on to verify."
    )
    return said
