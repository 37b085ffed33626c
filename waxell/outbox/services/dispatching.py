"""Dispatching: the ledger is read leaf by leaf, and what is worth telling becomes messages.

Nothing is added to the road on which actions are decided: what committed gets sealed, and a leaf's
index has no gaps, so a cursor over them misses nothing, however late a writer committed. Messages
and cursor move in one transaction; whoever dies in it has done nothing.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from waxell.ledger.models import Leaf, Log
from waxell.lib.db.calls import call, call_one
from waxell.outbox import sources
from waxell.outbox.domain import events
from waxell.outbox.domain.events import EntrySeen, Event
from waxell.outbox.models import Cursor, Destination
from waxell.outbox.services import posting

logger = logging.getLogger(__name__)

BATCH: Final = 5_000
"""Leaves in one transaction."""

EARLY_AFTER_SECONDS: Final = 10.0
"""An entry that waited this long to be sealed is told of unsealed: people must hear of approvals all the same."""

EARLY_BATCH: Final = 1_000
# A writer that began earlier may commit later, so each look goes back a little; the seal finds the rest.
EARLY_OVERLAP: Final = timedelta(minutes=2)

_COLUMNS: Final = "e.project_id, e.stream, e.seq, e.type, e.verdict, e.decided_at, e.body"
_SEALED: Final = f"""
SELECT {_COLUMNS}
  FROM ledger_leaf l JOIN ledger_entry e ON (e.project_id, e.stream, e.seq) = (l.project_id, l.stream, l.seq)
 WHERE l.log = %s::integer AND l.index >= %s AND l.index < %s AND l.project_id = ANY(%s::uuid[])
   AND e.type = ANY(%s::text[])
 ORDER BY l.index
"""  # noqa: S608  the columns are above
_WAITING: Final = f"""
SELECT {_COLUMNS}, q.queued_at
  FROM ledger_seal_queue q JOIN ledger_entry e ON (e.project_id, e.stream, e.seq) = (q.project_id, q.stream, q.seq)
 WHERE q.queued_at > %s AND q.project_id = ANY(%s::uuid[]) AND e.type = ANY(%s::text[])
 ORDER BY q.queued_at, q.stream, q.seq LIMIT %s::integer
"""  # noqa: S608
_BEHIND: Final = """
SELECT clock_timestamp() AS now, EXISTS (
    SELECT FROM ledger_seal_queue WHERE queued_at < clock_timestamp() - make_interval(secs => %s::float8)) AS behind
"""


def dispatch_sealed(*, limit: int = BATCH) -> int:
    """Read up to `limit` further leaves and post what they tell; returns how many there were."""
    with transaction.atomic():
        cursor = _locked_cursor()
        # The end first: whoever is a destination by then hears of nothing that was before it.
        end = _end_of(cursor.log)
        destinations = list(posting.receivers())
        if destinations:
            end = min(end, cursor.index + limit)
            places = (cursor.log, cursor.index, end)
            posting.post(
                _events(call(_SEALED, (*places, _projects(destinations), sources.entry_types()))), destinations
            )
        passed = end - cursor.index
        following = _following(cursor.log) if end == _end_of(cursor.log) else None
        cursor.log, cursor.index = (following, 0) if following else (cursor.log, end)
        cursor.save(update_fields=["log", "index"])
    return passed


def dispatch_waiting() -> int:
    """While sealing is behind: post what entries tell that still wait; returns how many were looked at.

    Whatever this passes over is told once it is sealed, and what it tells is not told again.
    """
    with transaction.atomic():
        cursor = _locked_cursor()
        seen = call_one(_BEHIND, (EARLY_AFTER_SECONDS,))
        destinations = list(posting.receivers())
        if not seen.behind or not destinations:
            return 0
        since = cursor.read_early_to or datetime.fromtimestamp(0, seen.now.tzinfo)
        rows = call(_WAITING, (since, _projects(destinations), sources.entry_types(), EARLY_BATCH))
        posting.post(_events(rows), destinations)
        if len(rows) == EARLY_BATCH:
            cursor.read_early_to = rows[-1].queued_at
        else:
            cursor.read_early_to = max(since, seen.now - EARLY_OVERLAP)
        cursor.save(update_fields=["read_early_to"])
    return len(rows)


def dispatch_due() -> int:
    """Post what time alone has made due; returns how many messages that could be."""
    destinations = list(posting.receivers())
    return posting.post(sources.due(_projects(destinations)), destinations) if destinations else 0


def show_life() -> None:
    """Say that somebody reads the ledger, for the readiness page."""
    Cursor.objects.update_or_create(singleton=True, defaults={"seen_at": Now()})


def _locked_cursor() -> Cursor:
    Cursor.objects.bulk_create([Cursor()], ignore_conflicts=True)
    return Cursor.objects.select_for_update().get()


def _end_of(log: int) -> int:
    newest: int | None = Leaf.objects.filter(log=log).aggregate(newest=Max("index"))["newest"]
    return 0 if newest is None else newest + 1


def _following(log: int) -> int | None:
    """Return the log after this one, which grows no more once there is another."""
    return Log.objects.filter(number__gt=log).order_by("number").values_list("number", flat=True).first()


def _projects(destinations: Sequence[Destination]) -> list[UUID]:
    return sorted({destination.project_id for destination in destinations})


def _events(rows: Iterable[Any]) -> Iterator[Event]:
    for row in rows:
        entry = EntrySeen(
            project=row.project_id,
            stream=row.stream,
            seq=row.seq,
            type=row.type,
            verdict=row.verdict,
            at=row.decided_at,
            body=orjson.loads(row.body),
        )
        try:
            event = sources.read(entry)
        except (LookupError, TypeError, ValueError, ObjectDoesNotExist):
            # One entry that nobody can read must not keep all others from being told.
            logger.exception("no event could be made of entry %s", entry.event_id)
            continue
        if event is not None:
            yield event
        if sources.closes_record(entry):
            yield _record_closed(entry)


def _record_closed(entry: EntrySeen) -> Event:
    return Event(
        id=entry.event_id,
        type=events.RECORD,
        project=entry.project,
        at=entry.at,
        title=f"The record of {entry.stream}",
        data={"entry": entry.reference(), "closing": entry.type},
    )
