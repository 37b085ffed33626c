"""Checks the whole ledger as it lies in the database: streams, trees, checkpoints, and what was published."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from executions.queries import invariants
from executions.queries.invariants import Part
from waxell.ledger.domain.checkpoints import Checkpoint, MalformedCheckpoint, open_checkpoint
from waxell.ledger.domain.notes import MalformedKey, MalformedNote, UntrustedNote, VerifierKey
from waxell.ledger.models import Log
from waxell.ledger.queries import checkpoints, proofs, trees
from waxell.ledger.queries.tiles import TileMissing
from waxell.ledger.queries.trees import Fault
from waxell.ledger.services import publishing, stores
from waxell.lib.db.snapshots import one_snapshot
from waxell.lib.errors import DomainError

MOST_NAMED: Final = 1000
PROGRESS_EVERY: Final = 100_000


class Command(BaseCommand):
    help = "Verify every stream, tree, checkpoint and published note. Ends with 1 where anything does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--key", metavar="KEY", help="verifier keys, or a file with them, kept elsewhere; else the database's own"
        )
        parser.add_argument(
            "--checkpoint", action="append", default=[], type=Path, metavar="OLD", help="a checkpoint kept elsewhere"
        )
        parser.add_argument("--unpublished", action="store_true", help="do not look at what was published")

    def handle(self, *, key: str | None, checkpoint: list[Path], unpublished: bool, **options: Any) -> None:
        """Print a line for each part and each fault."""
        keys = _keys(key)
        failed = 0
        with one_snapshot():
            for invariant, found in invariants.examine(Part()):
                if invariant.code in ("I4", "I5", "I6"):
                    subject = f"{invariant.sentence}: {found.checked} {invariant.things}"
                    faults = [Fault(subject=one.subject, message=one.message) for one in found.violations]
                    failed += self._tell(subject, faults)
            for log in Log.objects.order_by("number"):
                faults = list(trees.examine(log, keys, self._progress))
                failed += self._tell(f"Log {log.number}, {log.origin}: leaves, tiles, checkpoints, signatures", faults)
            if not Log.objects.exists():
                self.stdout.write(self.style.WARNING("note  Nothing is sealed: there is no log yet."))
            if not unpublished:
                failed += self._tell("What was published is what is here", list(_published()))
            for path in checkpoint:
                failed += self._tell(f"The ledger continues {path}", list(_continues(path, keys)))
        if failed:
            raise CommandError(f"{failed} faults.", returncode=1)
        self.stdout.write(self.style.SUCCESS("Everything holds."))

    def _tell(self, subject: str, faults: list[Fault]) -> int:
        mark = self.style.ERROR("WRONG") if faults else self.style.SUCCESS("ok   ")
        self.stdout.write(f"{mark} {subject}")
        for fault in faults[:MOST_NAMED]:
            self.stdout.write(f"      {fault.subject}: {fault.message}")
        if len(faults) > MOST_NAMED:
            self.stdout.write(f"      and {len(faults) - MOST_NAMED} more")
        return len(faults)

    def _progress(self, done: int) -> None:
        if done % PROGRESS_EVERY < trees.AT_ONCE:
            self.stderr.write(f"      {done} leaves hashed")


def _keys(given: str | None) -> tuple[VerifierKey, ...]:
    if given is None:
        return checkpoints.keys()
    text = Path(given).read_text() if Path(given).exists() else given
    try:
        return tuple(VerifierKey.parse(line) for line in text.splitlines() if line)
    except MalformedKey as error:
        raise CommandError(str(error)) from error


def _published() -> Iterator[Fault]:
    log = checkpoints.newest_log()
    try:
        publishing.compare(stores.configured(), log)
    except DomainError as error:
        yield Fault(subject=f"log {log.number}" if log else "the ledger", message=str(error))


def _continues(path: Path, keys: tuple[VerifierKey, ...]) -> Iterator[Fault]:
    try:
        old = open_checkpoint(path.read_bytes(), keys)
    except (OSError, MalformedNote, MalformedCheckpoint, UntrustedNote) as error:
        yield Fault(subject=str(path), message=str(error))
        return
    log = Log.objects.filter(origin=old.origin).first()
    newest = checkpoints.newest(log.number) if log else None
    if log is None or newest is None:
        yield Fault(subject=str(path), message=f"there is no log {old.origin} here")
    elif old.size > newest.size and _named_by_recovery(log, old):
        # The next log's first entry names exactly this head: what is missing was said, not hidden.
        return
    elif old.size > newest.size:
        message = f"it commits to {old.size} leaves and there are {newest.size}: the ledger was rolled back"
        yield Fault(subject=str(path), message=message)
    else:
        try:
            root = proofs.root_at(log.number, old.size)
        except TileMissing:
            root = b""
        if root != old.root:
            yield Fault(subject=str(path), message="it commits to another history than the one that is here")


def _named_by_recovery(log: Log, old: Checkpoint) -> bool:
    successor = Log.objects.filter(number__gt=log.number).order_by("number").first()
    if successor is None or successor.previous_root is None:
        return False
    return (successor.previous_size, bytes(successor.previous_root)) == (old.size, old.root)
