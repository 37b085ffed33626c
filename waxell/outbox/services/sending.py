"""Sending: messages that are due go out, several at a time, and come again until they arrived.

Taking a message moves its next attempt into the future before anything is sent. A sender that is
killed therefore leaves a message that is due again soon, under the same id: at least once, never lost.
"""

import logging
import random
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models.functions import Now

from waxell.lib import encrypting
from waxell.lib.db.calls import call, call_one
from waxell.outbox import sources
from waxell.outbox.domain import events, otlp, retries
from waxell.outbox.models import Destination, Message
from waxell.outbox.services import attempts, destinations, posting
from waxell.outbox.services.attempts import Parcel
from waxell.outbox.services.carriers import Arrived, NotCarried

logger = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""Attempts under way at a time, at most one to each destination."""

KEPT_DAYS: Final = 30
FORGOTTEN_AT_ONCE: Final = 5_000

# Longer than any attempt lasts: until then whoever took the message is at it, or dead.
_TAKE: Final = """
WITH due AS (
    SELECT m.id, m.due_at
      FROM outbox_destination d CROSS JOIN LATERAL (
           SELECT w.id, w.due_at FROM outbox_message w
            WHERE w.destination_id = d.id AND w.state = 'pending' AND w.due_at <= clock_timestamp()
            ORDER BY w.due_at, w.id LIMIT 1) AS m
     WHERE d.enabled AND (d.rests_until IS NULL OR d.rests_until <= clock_timestamp()) AND d.id <> ALL(%s::uuid[])
), taken AS (
    SELECT m.id FROM outbox_message m JOIN due USING (id) ORDER BY due.due_at, m.id LIMIT %s::integer
       FOR UPDATE OF m SKIP LOCKED
)
UPDATE outbox_message m
   SET attempts = m.attempts + 1, tried_at = clock_timestamp(), due_at = clock_timestamp() + interval '60 seconds'
  FROM taken WHERE m.id = taken.id AND m.state = 'pending' AND m.due_at <= clock_timestamp()
RETURNING m.id
"""
_FORGET: Final = """
DELETE FROM outbox_message WHERE id IN (
    SELECT m.id FROM outbox_message m
     WHERE m.state <> 'pending' AND m.created_at < clock_timestamp() - make_interval(days => %s::integer)
     LIMIT %s::integer)
RETURNING id
"""


@dataclass(slots=True)
class Sender:
    """The attempts under way in this process."""

    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, thread_name_prefix="send"))
    under_way: dict[Future[Arrived | NotCarried], Parcel] = field(default_factory=dict)

    def perform(self) -> int:
        """Note what became of attempts, and begin those that are due; returns how many began."""
        self._note_finished()
        free = AT_ONCE - len(self.under_way)
        if not free:
            return 0
        busy = [parcel.destination for parcel in self.under_way.values()]
        parcels = take(busy=busy, limit=free)
        allowed = destinations.allowed()
        for parcel in parcels:
            self.under_way[self.pool.submit(attempts.carry, parcel, allowed=allowed)] = parcel
        return len(parcels)

    def wait(self, seconds: float) -> bool:
        """Wait until an attempt ends, at most `seconds`; False where none is under way."""
        wait(self.under_way, timeout=seconds, return_when=FIRST_COMPLETED)
        return bool(self.under_way)

    def finish(self, seconds: float) -> None:
        """Begin nothing more and note what ends within `seconds`; the rest comes again under another sender."""
        wait(self.under_way, timeout=seconds)
        self._note_finished()
        self.pool.shutdown(wait=False, cancel_futures=True)

    def _note_finished(self) -> None:
        for future in [future for future in self.under_way if future.done()]:
            parcel = self.under_way.pop(future)
            try:
                outcome = future.result()
            except Exception as error:
                # A fault of ours in one message must not end the sending of all others.
                logger.exception("message %s could not be sent", parcel.name)
                outcome = NotCarried(f"Waxell failed: {type(error).__name__}.")
            note(parcel, outcome)


def take(*, busy: Collection[UUID] = (), limit: int = AT_ONCE) -> list[Parcel]:
    """Take up to `limit` messages that are due, one of each destination that is not `busy`."""
    taken = [row.id for row in call(_TAKE, (list(busy), limit))]
    if not taken:
        return []
    now: datetime = call_one("SELECT clock_timestamp() AS now").now
    parcels = []
    for message in Message.objects.filter(pk__in=taken).select_related("destination").order_by("id"):
        try:
            parcels.append(_parcel(message, now))
        except encrypting.Unreadable:
            note_failure(
                message.pk,
                message.destination_id,
                attempts_made=message.attempts,
                failure=NotCarried("The address cannot be decrypted: the secret key has changed. Enter it again."),
            )
        except (ObjectDoesNotExist, LookupError, ValueError) as error:
            # One record that nobody can tell of must not keep all others from being told.
            logger.exception("no trace could be made for message %s", message.name)
            note_failure(
                message.pk,
                message.destination_id,
                attempts_made=message.attempts,
                failure=NotCarried(f"Waxell failed: {type(error).__name__}.", final=True),
            )
    return parcels


def note(parcel: Parcel, outcome: Arrived | NotCarried) -> None:
    """Write down what became of an attempt."""
    if isinstance(outcome, NotCarried):
        note_failure(parcel.message, parcel.destination, attempts_made=parcel.attempts, failure=outcome)
        return
    with transaction.atomic():
        _pending(parcel.message).update(
            state=Message.State.DELIVERED, delivered_at=Now(), status=outcome.status, problem=""
        )
        Destination.objects.filter(pk=parcel.destination).exclude(failures=0).update(failures=0, rests_until=None)


def note_failure(message: UUID, destination: UUID, *, attempts_made: int, failure: NotCarried) -> None:
    """Plan the next attempt, or give the message up; leave its destination alone for a while."""
    luck = random.random()  # noqa: S311  not a secret
    pause = None
    if not failure.final:
        pause = retries.pause(attempts=attempts_made, luck=luck, asked_seconds=failure.retry_after)
    told: dict[str, Any] = {"status": failure.status, "problem": str(failure)[:300]}
    with transaction.atomic():
        if pause is None:
            _pending(message).update(state=Message.State.GIVEN_UP, **told)
        else:
            _pending(message).update(due_at=Now() + pause, **told)
        failing = Destination.objects.select_for_update(no_key=True).filter(pk=destination).first()
        if failing is not None:
            failing.failures = min(failing.failures + 1, 1_000_000)
            rest = retries.rest(failing.failures)
            Destination.objects.filter(pk=destination).update(failures=failing.failures, rests_until=Now() + rest)


def forget_old() -> int:
    """Delete messages that ended long ago; returns how many."""
    return len(call(_FORGET, (KEPT_DAYS, FORGOTTEN_AT_ONCE)))


def _pending(message: UUID) -> Any:
    return Message.objects.filter(pk=message, state=Message.State.PENDING)


def _parcel(message: Message, now: datetime) -> Parcel:
    return Parcel(
        message=message.pk,
        destination=message.destination_id,
        name=message.name,
        title=message.title,
        body=bytes(message.body),
        requests=_requests(message, now),
        target=destinations.target(message.destination, now=now),
        timestamp=int(now.timestamp()),
        attempts=message.attempts,
    )


def _requests(message: Message, now: datetime) -> tuple[bytes, ...]:
    """What a collector is sent. It is made when it is sent: a record that is closed stays as it is."""
    if message.destination.kind != Destination.Kind.OTLP:
        return ()
    if message.type == events.TEST:
        return tuple(otlp.test_requests(message.pk.hex, now))
    data = posting.parsed(message.body)["data"]
    stream = UUID(data["entry"]["stream"])
    return tuple(sources.traced(data["closing"], message.destination.project_id, stream))
