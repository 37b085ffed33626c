"""A long-running child: in a session of its own, dying with its parent, stopped within a bounded time."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from waxell.local import lowering

# A child that dies at once is started again after 0.5, 1, 2 … seconds; one that lived a minute starts afresh.
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
STEADY_SECONDS = 60.0


@dataclass(slots=True, kw_only=True)
class Child:
    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    # What the kernel sends when the supervisor dies without a word; Celery takes too long over anything softer.
    on_orphan: signal.Signals = signal.SIGTERM
    # How long a polite request may take before the whole group is killed.
    patience_seconds: float = 6.0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = field(default=0.0)
    pause_seconds: float = FIRST_PAUSE_SECONDS

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # Safe: the supervisor has one thread.
                preexec_fn=self._prepare,  # noqa: PLW1509
            )
        self.started_at = time.monotonic()

    def dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def revive(self) -> bool:
        """Start a dead child again once its pause is over; True when it was started."""
        lived = time.monotonic() - self.started_at
        if lived > STEADY_SECONDS:
            self.pause_seconds = FIRST_PAUSE_SECONDS
        if lived < self.pause_seconds:
            return False
        self.kill_group()
        self.pause_seconds = min(self.pause_seconds * 2, LONGEST_PAUSE_SECONDS)
        self.start()
        return True

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def finish(self, until: float) -> None:
        """Wait until the monotonic time `until`, then kill whatever is left of the child's group."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, until - time.monotonic()))
        self.kill_group()
        self.process.wait()
        self.process = None

    def kill_group(self) -> None:
        """Its own children die too: a prefork worker's pool outlives a killed master."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _prepare(self) -> None:
        lowering.die_with_parent(self.on_orphan)


def stop_all(children: Sequence[Child]) -> None:
    """Ask all at once, then wait for each as long as its patience lasts."""
    asked_at = time.monotonic()
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.finish(asked_at + child.patience_seconds)
