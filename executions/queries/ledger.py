"""How much a project has written down."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, Sum

from executions.models import Execution
from executions.models.executions import LIVE
from executions.queries.overview import capped
from executions.queries.records import Written, written_before
from waxell.ledger.models import SealQueueItem, Stream

NEWEST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Counts of entries and streams; `unsealed` is capped. `newest` are governance entries."""

    entries: int
    closed: int
    open: int
    addenda: int
    unsealed: int
    newest: tuple[Written, ...]


def look(project_id: UUID) -> Ledger:
    """Return the counts. A stream's head says how many entries it has, so no entry is counted."""
    runs = Execution.objects.filter(project_id=project_id).aggregate(
        entries=Sum("seq"),
        live=Count("id", filter=Q(state__in=LIVE)),
        many=Count("id"),
    )
    streams = Stream.objects.filter(project_id=project_id).aggregate(
        entries=Sum("seq"), addenda=Count("id", filter=Q(kind=Stream.Kind.ADDENDA))
    )
    return Ledger(
        entries=(runs["entries"] or 0) + (streams["entries"] or 0),
        closed=runs["many"] - runs["live"],
        open=runs["live"],
        addenda=streams["addenda"],
        unsealed=capped(SealQueueItem.objects.filter(project_id=project_id)),
        newest=written_before(project_id, project_id, before=None, limit=NEWEST),
    )
