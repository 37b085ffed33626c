"""`manage.py up` as its user meets it: a process, its output and its home."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0
STOP_SECONDS = 15.0
NAMES_OF_DATABASES = ("DATABASE_URL", "PORT")


@dataclass(slots=True, kw_only=True)
class LocalRun:
    home: Path
    port: str = "0"
    prefix: tuple[str, ...] = ()
    extra: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    def start(self) -> "LocalRun":
        # This test run has a server of its own; the product must find or make its own.
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("WAXELL_", "CELERY_", "PROMETHEUS_")) and name not in NAMES_OF_DATABASES
        }
        self.process = subprocess.Popen(
            [*self.prefix, sys.executable, str(ROOT / "manage.py"), "up"],
            env=environ | {"WAXELL_HOME": str(self.home), "PORT": self.port} | self.extra,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        return self

    def wait_until_ready(self) -> dict[str, Any]:
        """The contents of ready.json."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if (self.home / "ready.json").exists():
                return json.loads((self.home / "ready.json").read_text())
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}: {self.process.stdout.read()}")
            time.sleep(0.05)
        raise AssertionError("not ready in time")

    def output_at_end(self) -> str:
        """Everything it printed; waits for its end."""
        return self.process.communicate(timeout=START_SECONDS)[0]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Ask it to stop; seconds until it had."""
        began_at = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
        if not self.process.stdout.closed:
            self.process.communicate(timeout=STOP_SECONDS)
        return time.monotonic() - began_at

    def postmaster(self) -> int:
        return int((self.home / "pg" / "postmaster.pid").read_text().splitlines()[0])

    def processes(self) -> list[psutil.Process]:
        """Every live process that belongs to this home."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def wait_until_gone(self, seconds: float) -> list[psutil.Process]:
        """The processes still there after at most `seconds`."""
        until = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < until:
            time.sleep(0.1)
        return left

    def _owns(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.environ().get("WAXELL_HOME") == str(self.home)
        except psutil.Error:
            return False


def command_of(process: psutil.Process) -> str:
    """What it was started with, in one line; "" when it has ended since it was listed."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def parent_of(process: psutil.Process) -> int | None:
    """The process that it belongs to; None when it has ended since it was listed."""
    try:
        return process.ppid()
    except psutil.Error:
        return None
