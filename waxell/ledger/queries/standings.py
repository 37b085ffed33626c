"""How safe an entry is: only written, sealed here, or seen by a witness elsewhere."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from uuid import UUID

from waxell.ledger.models import Leaf
from waxell.ledger.queries import cosignatures


class Standing(StrEnum):
    """In the order in which an entry passes through them."""

    WRITTEN = "written"
    SEALED = "sealed"
    WITNESSED = "witnessed"


def of_entries(stream: UUID, seqs: Iterable[int]) -> dict[int, Standing]:
    """Return the standing of each entry of a stream.

    A stream is sealed from its beginning on, so its last entry stands for all of them.
    """
    wanted = set(seqs)
    found = Leaf.objects.filter(stream=stream, seq__in=wanted).values_list("seq", "log", "index")
    places = {seq: (log, index) for seq, log, index in found}
    seen = {log: cosignatures.witnessed_size(log) for log in {log for log, _ in places.values()}}
    return {seq: _standing(places.get(seq), seen) for seq in wanted}


def _standing(place: tuple[int, int] | None, seen: Mapping[int, int]) -> Standing:
    if place is None:
        return Standing.WRITTEN
    log, index = place
    return Standing.WITNESSED if index < seen[log] else Standing.SEALED
