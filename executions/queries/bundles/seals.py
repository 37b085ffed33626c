"""How what a bundle holds was sealed: checkpoints, proofs of inclusion and of consistency, whole ranges."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from executions.queries.bundles.lines import Lines, hash_texts
from waxell.ledger.domain import merkle, ranges
from waxell.ledger.domain.merkle import NodeAt
from waxell.ledger.models import Checkpoint, Log
from waxell.ledger.queries import checkpoints, cosignatures, proofs, tiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A log under its newest checkpoint, to which every proof of a bundle leads."""

    log: Log
    head: Checkpoint
    node: NodeAt

    def path(self, index: int) -> list[str]:
        """Return the audit path of a leaf."""
        return hash_texts(merkle.prove_inclusion(index=index, size=self.head.size, node=self.node))


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Leaves `start` to `end` of a log, all of which a bundle accounts for."""

    log: int
    start: int
    end: int

    def has(self, log: int, index: int) -> bool:
        return log == self.log and self.start <= index < self.end


type Logs = Mapping[int, Sealed]


def sealed_logs() -> dict[int, Sealed]:
    """Return every log that has a checkpoint, the oldest first. Raises NotSealed where there is none."""
    found = {}
    for log in Log.objects.order_by("number"):
        head = checkpoints.newest(log.number)
        if head is not None:
            found[log.number] = Sealed(log=log, head=head, node=tiles.nodes(log.number, head.size))
    if not found:
        raise proofs.NotSealed(retry_after=proofs.SEALED_WITHIN_SECONDS)
    return found


def logs_from(every: Logs, needed: Iterable[int]) -> dict[int, Sealed]:
    """Return the logs that a bundle holds: those that are needed, and all after them, which say how they ended."""
    first = min(needed)
    return {number: sealed for number, sealed in every.items() if number >= first}


def write_seals(lines: Lines, logs: Logs, continues: Iterable[int]) -> None:
    """Write the heads of `logs` and what witnesses last cosigned of each; that the newest log continues its
    checkpoints of the sizes `continues`.

    ValueError where it was never that small.
    """
    newest = logs[max(logs)]
    asked = {size for size in continues if size != newest.head.size}
    if any(not 0 < size < newest.head.size for size in asked):
        raise ValueError(f"The log has {newest.head.size} leaves.")
    for number, sealed in logs.items():
        lines.add("checkpoint", log=number, note=cosignatures.note(sealed.head))
    olds = {number: _olds(sealed, asked if sealed is newest else set()) for number, sealed in logs.items()}
    for number, sizes in olds.items():
        for kept in checkpoints.of(number).filter(size__in=sizes).order_by("size"):
            lines.add("checkpoint", log=number, note=cosignatures.note(kept))
    for number, sizes in olds.items():
        head = logs[number].head
        for size in sizes:
            path = merkle.prove_consistency(old=size, new=head.size, node=logs[number].node)
            lines.add("consistency", log=number, old=size, new=head.size, path=hash_texts(path))


def _olds(sealed: Sealed, asked: set[int]) -> list[int]:
    """Return the sizes below the head that a bundle speaks of: those asked for, and where witnesses stand."""
    seen = {sight.size for sight in cosignatures.sights(sealed.log.number) if sight.size < sealed.head.size}
    return sorted(asked | seen)


def write_range(lines: Lines, sealed: Sealed, span: Range) -> None:
    """Write what proves that nothing is left out of a range."""
    outside = ranges.prove_range(start=span.start, end=span.end, size=sealed.head.size, node=sealed.node)
    lines.add("range", log=span.log, start=span.start, end=span.end, outside=hash_texts(outside))
