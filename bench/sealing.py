"""The sealer beside the gate: how fast it seals, what an entry costs it, and what the gate loses by it.

One sealer, as `manage.py up` starts it, is paused and continued by signals, so that two measurements of the gate
differ in it alone. What was written while it was paused is sealed before it is measured beside the gate again:
it would be charged with entries of another measurement.
"""

import io
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import psycopg

from bench.load import Sample
from bench.stage import Stage
from waxell.local import steps

CONNECTIONS = 32
BUNDLES = 20
PATIENCE_SECONDS = 300.0
LOOK_SECONDS = 0.01
_WAITING = "select count(*) from waxell.ledger_seal_queue"
_BACKENDS = "select pid from pg_stat_activity where usename = 'waxell_sealer'"
_AT_WORK = "select exists (select from pg_stat_activity where usename = 'waxell_sealer' and state <> 'idle')"
_SEALED = "select exists (select from waxell.ledger_checkpoint)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """So many entries in so many seconds, which took `cpu` seconds of processors' time."""

    entries: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.entries / self.seconds

    @property
    def microseconds(self) -> float:
        """Processors' time for one entry."""
        return self.cpu / self.entries * 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The gate twice without a sealer and twice beside one, in the order without, beside, beside, without."""

    without: tuple[Sample, Sample]
    beside: tuple[Sample, Sample]

    @property
    def share(self) -> float:
        """The rate beside a sealer as a share of the rate without; a drift of the machine cancels out."""
        return sum(sample.rate for sample in self.beside) / sum(sample.rate for sample in self.without)


@dataclass(slots=True, kw_only=True)
class Sealer:
    process: psutil.Process
    database: psycopg.Connection

    def pause(self) -> None:
        """Stop the sealer between two transactions: an open one would keep the database from tidying up."""
        self.process.send_signal(signal.SIGSTOP)
        while self.database.execute(_AT_WORK).fetchone() == (True,):
            self.process.send_signal(signal.SIGCONT)
            time.sleep(LOOK_SECONDS)
            self.process.send_signal(signal.SIGSTOP)

    def catch_up(self) -> Handled:
        """Let the sealer go on, and wait until nothing waits for it."""
        waiting, cpu, began_at = self._waiting(), self._cpu(), time.perf_counter()
        self.process.send_signal(signal.SIGCONT)
        while self._waiting():
            if time.perf_counter() - began_at > PATIENCE_SECONDS or not self.process.is_running():
                raise RuntimeError("The sealer does not seal; its log is in the run's home.")
            time.sleep(LOOK_SECONDS)
        return Handled(entries=waiting, seconds=time.perf_counter() - began_at, cpu=self._cpu() - cpu)

    def compare(self, measure: Callable[[], Sample]) -> Pair:
        """Measure the gate without and beside the sealer, which is paused now and afterwards."""
        first = measure()
        self.catch_up()
        beside = (measure(), measure())
        self.pause()
        last = measure()
        return Pair(without=(first, last), beside=beside)

    def _waiting(self) -> int:
        row = self.database.execute(_WAITING).fetchone()
        assert row is not None
        return int(row[0])

    def _cpu(self) -> float:
        """Seconds that the sealer and the database's processes that serve it have computed."""
        backends = [psutil.Process(pid) for (pid,) in self.database.execute(_BACKENDS)]
        return sum(times.user + times.system for times in (one.cpu_times() for one in (self.process, *backends)))


@contextmanager
def paused(stage: Stage) -> Iterator[Sealer]:
    """A sealer that has opened its log and is paused. Django must be set up."""
    steps.make_ledger_key(stage.environ, stage.home)
    with stage.running("seal") as pid, psycopg.connect(stage.superuser(), autocommit=True) as database:
        sealer = Sealer(process=psutil.Process(pid), database=database)
        until = time.perf_counter() + PATIENCE_SECONDS
        while database.execute(_SEALED).fetchone() != (True,):
            if time.perf_counter() > until or not sealer.process.is_running():
                raise RuntimeError("The sealer did not open its log.")
            time.sleep(LOOK_SECONDS)
        sealer.catch_up()
        sealer.pause()
        try:
            yield sealer
        finally:
            # Whoever is stopped does not hear that it shall end.
            sealer.process.send_signal(signal.SIGCONT)


def verify_bundles() -> Handled:
    """Verify bundles of some executions as a stranger does, in one process and from memory. All is sealed."""
    from django.utils import timezone

    from executions.models import Execution
    from executions.queries.bundles import write_execution
    from waxell.ledger.queries import checkpoints
    from waxell.ledger.verifier import verify_bundle

    keys = verify_bundle.read_keys(map(str, checkpoints.keys()))
    entries, seconds, cpu = 0, 0.0, 0.0
    for execution in Execution.objects.order_by("pk")[:BUNDLES]:
        bundle = io.BytesIO()
        write_execution(bundle, execution, contents=True, made_at=timezone.now())
        bundle.seek(0)
        began_at, used = time.perf_counter(), time.process_time()
        report = verify_bundle.verify(bundle, keys=keys, unfinished=True)
        seconds, cpu = seconds + time.perf_counter() - began_at, cpu + time.process_time() - used
        if not report.holds:
            raise SystemExit(f"A bundle does not hold: {report.faults[0]}")
        entries += int(report.summary["entries"])
    return Handled(entries=entries, seconds=seconds, cpu=cpu)
