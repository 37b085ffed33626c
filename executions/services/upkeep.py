"""What must be tidied up, and the sign of life of who does it."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from governance.domain.actors import Actor
from governance.models import ThrottledMinute
from governance.services.recording import record
from waxell.lib.db.calls import call, call_one
from waxell.lib.times import format_time

AT_ONCE: Final = 1000
KEPT_HOURS: Final = 24


def record_throttled() -> int:
    """Turn refusals by rate of minutes that are over into entries; returns how many rows."""
    now: datetime = call_one("SELECT clock_timestamp() AS now").now
    over = now - timedelta(minutes=2)
    with transaction.atomic():
        rows = list(
            ThrottledMinute.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(minute__lt=over)
            .select_related("key")
            .order_by("key_id", "minute")[:AT_ONCE]
        )
        for row in rows:
            record(
                project_id=row.key.project_id,
                actor=Actor(system="sweeper"),
                type="requests.throttled",
                members={"key": row.key_id, "minute": format_time(row.minute), "refused": row.refused},
            )
        ThrottledMinute.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def forget_answers() -> int:
    """Delete answers to retries that nobody may ask for any more; returns how many."""
    gone = call(
        "DELETE FROM governance_storedanswer WHERE id IN (SELECT a.id FROM governance_storedanswer a"
        " WHERE a.created_at < clock_timestamp() - make_interval(hours => %s::integer) LIMIT %s) RETURNING id",
        (KEPT_HOURS, AT_ONCE),
    )
    return len(gone)


def show_life(name: str) -> None:
    """Say that the process `name` works, for the readiness page."""
    call(
        "INSERT INTO executions_heartbeat (name, seen_at) VALUES (%s, clock_timestamp())"
        " ON CONFLICT (name) DO UPDATE SET seen_at = EXCLUDED.seen_at",
        (name,),
    )
