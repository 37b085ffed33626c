"""The witness itself: judge, remember, cosign, in that order and one at a time."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from waxell.ledger.domain import cosignatures, notes, witnessing
from waxell.ledger.domain.cosignatures import CosigningKey
from waxell.ledger.domain.witnessing import Contradicts, KnownLogs, Submission
from waxell.ledger.witness.store import WitnessStore


def _seconds() -> int:
    return int(time.time())


@dataclass(slots=True, kw_only=True)
class Witness:
    """Cosigns what continues what it cosigned before. Its store must be locked by this process."""

    key: CosigningKey
    store: WitnessStore
    logs: KnownLogs
    clock: Callable[[], int] = _seconds
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def add_checkpoint(self, body: bytes) -> str:
        """Return the cosignature's line for a submission.

        Raises MalformedSubmission, Refused; OSError and MalformedCheckpoint where the store fails, and
        then nothing was cosigned.
        """
        submission = Submission.parse(body)
        checkpoint = witnessing.admit(submission, self.logs)
        # Between looking at what is held and keeping what follows nobody else may look.
        with self._turn:
            try:
                witnessing.follow(checkpoint, submission, self.store.head(checkpoint.origin))
            except Contradicts:
                self.store.keep_refusal(checkpoint.origin, submission.note)
                raise
            note = notes.parse(submission.note)
            line = self.key.cosign(note.text, at=self.clock()).line()
            # Of the lines that came with it only those of the log's own keys were looked at.
            own = {(key.name, key.key_id) for key in self.logs.keys_of(checkpoint.origin)}
            kept = tuple(found for found in note.signatures if (found.name, found.key_id) in own)
            signed = str(notes.Note(text=note.text, signatures=kept))
            self.store.keep(checkpoint.origin, cosignatures.with_lines(signed, [line]))
        return line
