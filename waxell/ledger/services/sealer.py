"""The sealer's round: compare with what is published, sign with the right key, seal, publish, report."""

import logging
import time
from dataclasses import dataclass, field
from typing import Final

from waxell.ledger.domain.notes import Signer
from waxell.ledger.models import Checkpoint, Leaf, Log, LogKey, Sealer
from waxell.ledger.queries import checkpoints
from waxell.ledger.services import keys, logs, publishing, sealing, stores, witnessing
from waxell.ledger.services.keys import KeyStore
from waxell.ledger.services.publishing import Published
from waxell.ledger.services.sealing import Growing
from waxell.ledger.services.stores import Store
from waxell.ledger.services.witnessing import WitnessRound
from waxell.lib.db.calls import call
from waxell.lib.errors import DomainError

logger = logging.getLogger(__name__)

IDLE_COMPARE_SECONDS: Final = 15.0
REPORT_SECONDS: Final = 2.0


class KeyUnknown(DomainError):
    """The key is not the one that the log announced: give the sealer its key, or recover into a new log."""

    code = "key_unknown"
    status = 503


@dataclass(slots=True, kw_only=True)
class SealerRound:
    """Everything one leading sealer keeps between rounds; a new leader starts with a new one."""

    keys: KeyStore = field(default_factory=keys.configured)
    store: Store = field(default_factory=stores.configured)
    witnesses: WitnessRound = field(default_factory=WitnessRound)
    growing: Growing | None = None
    compared_at: float | None = None
    reported_at: float | None = None
    signed_with: str = ""

    def perform(self) -> int:
        """Seal and publish at most one batch; returns how many entries were sealed. Reports how it went.

        Raises DomainError where sealing has to stop; the next round looks again. Database errors rise.
        """
        try:
            sealed = self._perform()
        except sealing.LogMoved:
            # Somebody else leads, or did: nothing is wrong, but what we remember is.
            self.forget()
            return 0
        except DomainError as error:
            self.forget()
            self._report(Sealer.State.STOPPED, error)
            raise
        except BaseException:
            self.forget()
            raise
        self._report(Sealer.State.SEALING)
        return sealed

    def forget(self) -> None:
        """Read everything again in the next round."""
        self.growing = None
        self.compared_at = None

    def _perform(self) -> int:
        if self.growing is None:
            self._begin()
        assert self.growing is not None  # noqa: S101  _begin set it or raised
        log = self.growing.log
        witnessing.check_alarm(log)
        if not sealing.waits() and self._compared_lately() and not self._key_changes():
            if publishing.cosignatures_wait(log):
                publishing.publish_cosigned(self.store, log, self._compare(log))
            return 0
        signer = self._signer(log)
        head = self._compare(log)
        head = publishing.publish_due(self.store, log, head)
        publishing.publish_cosigned(self.store, log, head)
        sealed = sealing.seal_batch(self.growing, signer)
        if sealed:
            publishing.publish_due(self.store, log, head)
        return sealed

    def _begin(self) -> None:
        log = checkpoints.newest_log()
        publishing.compare(self.store, log)
        if log is None:
            log = logs.open_log(self.keys.current())
            logger.info("opened log %s, %s", log.number, log.origin)
        else:
            # What is published can have been rolled back with the database; what a witness keeps cannot.
            self.witnesses.perform()
        publishing.publish_all(self.store)
        self.growing = sealing.read(log)

    def _compare(self, log: Log) -> Published:
        if checkpoints.newest_log() != log:
            raise sealing.LogMoved()
        head = publishing.compare(self.store, log)
        self.compared_at = time.monotonic()
        return head

    def _compared_lately(self) -> bool:
        return self.compared_at is not None and time.monotonic() - self.compared_at < IDLE_COMPARE_SECONDS

    def _signer(self, log: Log) -> Signer:
        """Return the key that may sign now: the next one from the moment its announcement is sealed."""
        following = self.keys.next()
        if following is not None and may_sign(following):
            self.keys.promote()
            self.signed_with = str(following.verifier)
            return following
        current = self.keys.current()
        if not may_sign(current):
            raise KeyUnknown()
        if following is not None:
            logs.announce_key(log, following, replaces=current)
        self.signed_with = str(current.verifier)
        return current

    def _key_changes(self) -> bool:
        following = self.keys.next()
        return following is not None and str(following.verifier) != self.signed_with

    def _report(self, state: str, error: DomainError | None = None) -> None:
        now = time.monotonic()
        if error is None and self.reported_at is not None and now - self.reported_at < REPORT_SECONDS:
            return
        reason, detail = (error.code, str(error)) if error else ("", "")
        call("SELECT ledger_sealer_report_v1(%s, %s, %s)", (state, reason, detail))
        # After bad news the good one must not wait.
        self.reported_at = None if error else now


def may_sign(key: Signer) -> bool:
    """Tell whether a log opened with `key`, or a checkpoint covers the entry that announces it."""
    if Log.objects.filter(vkey=str(key.verifier)).exists():
        return True
    announced = LogKey.objects.filter(vkey=str(key.verifier)).first()
    if announced is None:
        return False
    # A log that was opened before logs remembered their keys.
    if announced.seq == 1:
        return True
    log = Log.objects.get(number=announced.log)
    leaf = Leaf.objects.filter(stream=log.id, seq=announced.seq).first()
    return leaf is not None and Checkpoint.objects.filter(log=leaf.log, size__gt=leaf.index).exists()
