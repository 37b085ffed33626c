"""Sealing as /readyz and /metrics show it."""

from collections.abc import Iterable
from typing import Final

from waxell.ledger.models import Sealer, Witness
from waxell.ledger.queries import cosignatures, sealing
from waxell.lib.observing import Finding, Gauge

LATE_SECONDS: Final = 15.0
"""An entry that waited this long, though sealing takes a second, says that nobody seals."""


PLAIN: Final = {
    "ledger_behind": "the database is older than what was published, as after the restore of an old backup or a "
    "failover that lost writes; nothing is signed until `manage.py recover` opens a new log that says what is missing",
    "ledger_inconsistent": "what was published contradicts the database; nothing is signed until somebody has looked",
    "witness_alarm": "a witness saw another history of this log than the database holds: it was rolled back or "
    "rewritten; nothing is signed until `manage.py recover` opens a new log that says what is missing",
}
"""What the reasons mean that somebody must act on, in words for who reads /readyz at night."""


def look_at_sealing() -> Finding:
    """Whether what is written gets sealed. Appending goes on without, but the promise of evidence does not hold."""
    lag = sealing.lag()
    said = sealing.sealer()
    waiting = f"{lag.queued} entries wait to be sealed, the oldest for {lag.seconds:.0f} seconds"
    late = lag.seconds > LATE_SECONDS
    stopped = said is not None and said.state == Sealer.State.STOPPED
    if said is not None and stopped:
        plain = f"{PLAIN[said.reason]}. " if said.reason in PLAIN else ""
        message = f"sealing has stopped ({said.reason}): {plain}{said.detail}; {waiting}"
    elif late:
        message = f"nobody seals: {waiting}"
    else:
        message = waiting
    figures = {"queued": lag.queued, "oldest_seconds": round(lag.seconds, 1)}
    return Finding(
        subject="sealing", holds=not (stopped or late), fails=stopped or late, message=message, figures=figures
    )


def gauges() -> Iterable[Gauge]:
    """The seal queue, and whether sealing has stopped."""
    lag = sealing.lag()
    said = sealing.sealer()
    stopped = said is not None and said.state == Sealer.State.STOPPED
    return (
        Gauge(
            name="waxell_seal_queue", help="Entries that wait to be sealed, counted to 100000.", values={(): lag.queued}
        ),
        Gauge(name="waxell_seal_age_seconds", help="How long the oldest of them has waited.", values={(): lag.seconds}),
        Gauge(
            name="waxell_sealing_stopped",
            help="1 while the sealer refuses to sign; readiness says why.",
            values={(): float(stopped)},
        ),
    )


def look_at_witnesses() -> Finding:
    """Whether those who watch from elsewhere still agree. Without any the published checkpoints are all there is."""
    rows = list(cosignatures.witnesses())
    wrong = [row for row in rows if row.state != Witness.State.COSIGNING]
    alarms = [row for row in rows if row.state == Witness.State.ALARM]
    if not rows:
        message = "no witness is asked: nobody but the place of publication holds older checkpoints"
    elif wrong:
        message = "; ".join(f"{row.name} ({row.state}): {row.detail}" for row in wrong)
    else:
        message = f"{len(rows)} cosign"
    figures = {"asked": len(rows), "cosigning": len(rows) - len(wrong), "alarms": len(alarms)}
    return Finding(subject="witnesses", holds=not wrong, fails=bool(alarms), message=message, figures=figures)


def witness_gauges() -> Iterable[Gauge]:
    """Each witness: whether it cosigns, whether it raised an alarm."""
    rows = list(cosignatures.witnesses())
    return (
        Gauge(
            name="waxell_witness_cosigning",
            help="1 while the witness cosigns what it is asked to.",
            labels=("witness",),
            values={(row.name,): float(row.state == Witness.State.COSIGNING) for row in rows},
        ),
        Gauge(
            name="waxell_witness_alarm",
            help="1 while the witness holds another history of the log than the database.",
            labels=("witness",),
            values={(row.name,): float(row.state == Witness.State.ALARM) for row in rows},
        ),
    )
