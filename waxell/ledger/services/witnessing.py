"""Asking witnesses to cosign the newest checkpoint, beside sealing and never in its way.

A witness that holds more leaves than the database, or leaves that do not lead to them, has seen
another history: the database was rolled back or rewritten. That is an alarm, and the sealer stops.
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connections

from waxell.ledger.domain import notes
from waxell.ledger.domain.notes import MalformedNote, UntrustedNote
from waxell.ledger.domain.witnessing import Submission
from waxell.ledger.models import Checkpoint, Cosignature, Log
from waxell.ledger.models import Witness as Status
from waxell.ledger.queries import checkpoints, cosignatures, proofs
from waxell.ledger.queries.tiles import TileMissing
from waxell.ledger.services import witnesses
from waxell.ledger.services.witnesses import Answer, Witness, WitnessUnreachable
from waxell.lib.db.calls import call
from waxell.lib.errors import DomainError

logger = logging.getLogger(__name__)

AGAIN_SECONDS: Final = 60.0
"""Who has cosigned the newest checkpoint is asked again after this long: a rollback need not wait for an entry."""

State = Status.State


class WitnessAlarm(DomainError):
    """A witness holds another history of this log than the database: run `manage.py recover`."""

    code = "witness_alarm"
    status = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """How a witness answered, for those who look after the installation."""

    state: Status.State
    detail: str = ""


def check_alarm(log: Log) -> None:
    """Raise WitnessAlarm where a witness that is still asked has seen another history of `log`."""
    alarm = cosignatures.witnesses(log.number).filter(state=State.ALARM).first()
    if alarm is not None:
        raise WitnessAlarm(f"{alarm.name}: {alarm.detail}")


@dataclass(slots=True, kw_only=True)
class WitnessRound:
    """Asks each witness about the newest checkpoint; keeps when it last asked whom."""

    witnesses: Sequence[Witness] = field(default_factory=witnesses.configured)
    asked_at: dict[str, float] = field(default_factory=dict)

    def perform(self) -> None:
        """Ask whoever has not cosigned the newest checkpoint, or was not asked for a while. Reports each answer."""
        log = checkpoints.newest_log()
        if log is None:
            return
        self._retire_others(log)
        for witness in self.witnesses:
            newest = checkpoints.newest(log.number)
            if newest is not None and self._is_due(witness, newest):
                word = self._ask(witness, log, newest)
                self.asked_at[str(witness.key)] = time.monotonic()
                _report(log, str(witness.key), witness.key.name, word)

    def _is_due(self, witness: Witness, newest: Checkpoint) -> bool:
        vkey = str(witness.key)
        lately = vkey in self.asked_at and time.monotonic() - self.asked_at[vkey] < AGAIN_SECONDS
        return not lately or _cosigned_size(newest.log, vkey) != newest.size

    def _ask(self, witness: Witness, log: Log, newest: Checkpoint) -> Word:
        old = min(_cosigned_size(log.number, str(witness.key)), newest.size)
        try:
            answer = witness.submit(_submission(newest, old))
            if answer.status == 409:
                held = _size(answer)
                # Read again: what it holds may have been sealed since.
                newest = checkpoints.newest(log.number) or newest
                if held is None:
                    return Word(state=State.REFUSING, detail="it answers 409 without a size")
                if held > newest.size:
                    return Word(
                        state=State.ALARM,
                        detail=f"it cosigned {held} leaves of {log.origin}, and this database has {newest.size}",
                    )
                answer = witness.submit(_submission(newest, held))
        except WitnessUnreachable as error:
            return Word(state=State.UNREACHABLE, detail=str(error))
        except TileMissing:
            return Word(state=State.REFUSING, detail="the database lacks leaves to prove to it that the log grew")
        return _judge(witness, newest, answer)

    def _retire_others(self, log: Log) -> None:
        asked = {str(witness.key) for witness in self.witnesses}
        for row in cosignatures.witnesses(log.number).exclude(vkey__in=asked):
            _report(log, row.vkey, row.name, Word(state=State.RETIRED, detail="it is not asked any more"))


def attend(leads: threading.Event, stopping: threading.Event) -> None:
    """Ask witnesses while this process leads, until `stopping`; the body of a thread with a connection of its own."""
    rounds = WitnessRound()
    while not stopping.wait(settings.WAXELL_WITNESS_SECONDS):
        if not leads.is_set():
            continue
        try:
            rounds.perform()
        except DatabaseError:
            logger.exception("witnesses were not asked, for the database is away")
            connections.close_all()
    connections.close_all()


def _submission(checkpoint: Checkpoint, old: int) -> Submission:
    proof = proofs.prove_extension(checkpoint.log, old=old, new=checkpoint.size)
    return Submission(old=old, proof=proof, note=checkpoint.note)


def _judge(witness: Witness, checkpoint: Checkpoint, answer: Answer) -> Word:
    said = answer.text.strip()[:200]
    if answer.status == 422:
        detail = f"what it cosigned of this log does not lead to the {checkpoint.size} leaves of this database: {said}"
        return Word(state=State.ALARM, detail=detail)
    if answer.status == 409:
        return Word(state=State.REFUSING, detail="somebody else asks it about this log at the same time")
    if answer.status != 200:
        return Word(state=State.REFUSING, detail=f"it answers {answer.status}: {said}")
    try:
        note = notes.parse(checkpoint.note + answer.text)
        found = witness.key.find(note)
        if note.text != notes.parse(checkpoint.note).text or found is None:
            return Word(state=State.REFUSING, detail="it answers without a cosignature of its key")
    except (MalformedNote, UntrustedNote) as error:
        return Word(state=State.REFUSING, detail=str(error))
    call(
        "SELECT ledger_cosign_v1(%s::integer, %s, %s, %s, %s, %s)",
        (
            checkpoint.log,
            checkpoint.size,
            str(witness.key),
            witness.key.name,
            found.signature.line(),
            datetime.fromtimestamp(found.cosigned_at, UTC),
        ),
    )
    return Word(state=State.COSIGNING)


def _report(log: Log, vkey: str, name: str, word: Word) -> None:
    if word.state == State.ALARM:
        logger.error("WITNESS ALARM from %s: %s", name, word.detail)
    call(
        "SELECT ledger_witness_report_v1(%s::integer, %s, %s, %s, %s)",
        (log.number, vkey, name, word.state.value, word.detail),
    )


def _cosigned_size(log: int, vkey: str) -> int:
    newest = Cosignature.objects.filter(log=log, vkey=vkey).order_by("-size").first()
    return newest.size if newest else 0


def _size(answer: Answer) -> int | None:
    text = answer.text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None
