"""Keeping a local run alive: start in order, watch, start the dead again, stop in the reverse order."""

import math
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType

from waxell.local import processes, web
from waxell.local.children import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Child, stop_all
from waxell.local.cluster import Cluster
from waxell.local.errors import CannotStart
from waxell.local.home import Home

READY_SECONDS = 90.0
GLANCE_SECONDS = 0.1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked us to stop before we were ready."""


@dataclass(slots=True, kw_only=True)
class Supervisor:
    home: Home
    say: Callable[[str], None]
    cluster: Cluster | None = None
    children: list[Child] = field(default_factory=list)
    stopping: bool = False
    # When PostgreSQL may be started again, and how long after a start that failed.
    cluster_due_at: float = -math.inf
    cluster_pause_seconds: float = FIRST_PAUSE_SECONDS

    def listen(self) -> None:
        """From now on Ctrl-C and SIGTERM mean: stop cleanly."""
        for number in STOP_SIGNALS:
            signal.signal(number, self._ask_to_stop)

    def start(self, environ: Mapping[str, str], *, port: int, gateway_port: int) -> None:
        """Start the processes and wait until both servers answer and the worker listens."""
        mark = processes.ready_mark(self.home, "worker")
        mark.unlink(missing_ok=True)
        self.home.forget_metrics()
        self.children = processes.plan(environ, self.home, port=port, gateway_port=gateway_port)
        for child in self.children:
            child.start()
        until = time.monotonic() + READY_SECONDS
        while not (mark.exists() and web.answers(port) and web.answers(gateway_port)):
            self.check_not_stopping()
            self._require_alive()
            if time.monotonic() > until:
                raise CannotStart(f"Waxell did not become ready within {READY_SECONDS:.0f} s: see {self.home.logs}.")
            time.sleep(GLANCE_SECONDS)

    def check_not_stopping(self) -> None:
        if self.stopping:
            raise Stopped

    def watch(self) -> None:
        """Until asked to stop: whatever dies is started again, PostgreSQL before those who need it."""
        while not self.stopping:
            self._revive_cluster()
            for child in self.children:
                if child.dead() and child.revive():
                    self.say(f"{child.name} had ended and was started again; see {child.log}")
            time.sleep(GLANCE_SECONDS)

    def stop(self) -> None:
        """Nothing of ours runs afterwards; PostgreSQL goes last, when nobody needs it any more."""
        stop_all(self.children)
        if self.cluster is not None:
            self.cluster.stop()

    def _revive_cluster(self) -> None:
        if self.cluster is None or self.cluster.process is None or self.cluster.process.poll() is None:
            return
        if time.monotonic() < self.cluster_due_at:
            return
        try:
            self.cluster.start()
        except CannotStart as error:
            # Struck down while it recovered, or its disk is full: that may pass, and ending would mend nothing.
            self.say(f"{error}; trying again")
            self.cluster_due_at = time.monotonic() + self.cluster_pause_seconds
            self.cluster_pause_seconds = min(self.cluster_pause_seconds * 2, LONGEST_PAUSE_SECONDS)
            return
        self.cluster_pause_seconds = FIRST_PAUSE_SECONDS
        self.say("PostgreSQL had ended and was started again; nothing acknowledged is lost")

    def _require_alive(self) -> None:
        for child in self.children:
            if child.dead():
                text = child.log.read_text(errors="replace").strip().splitlines()
                raise CannotStart(f"{child.name} ended while starting: {text[-1] if text else 'no word'} ({child.log})")

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True
