"""A running Waxell, its processes and its log, and Django of this process looking into its database."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.process.local_run import ROOT, LocalRun, parent_of
from waxell.lib.database_url import DatabaseAddress

LOGIN = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
# Workers' workflows of the tests, beside the bundled one.
WORKFLOWS = "executions.workflows.licence_audit,tests.stack.workflows"

# How Django's own log tells of an answer of 500 and above, whoever made it.
SERVER_ERROR = " ERROR   django.request: "


@dataclass(slots=True, kw_only=True)
class Stack:
    """`ready` is the content of ready.json; `http` a client for as many threads as like."""

    run: LocalRun
    ready: dict[str, Any]
    http: httpx.Client

    @classmethod
    def start(cls) -> "Stack":
        home = Path(tempfile.mkdtemp(prefix="wxrest-"))
        extra = {
            "PYTHONPATH": str(ROOT),
            "WAXELL_WORKFLOWS": WORKFLOWS,
            "WAXELL_HOLD_WAIT_SECONDS": "2",
            "WAXELL_MCP_HOLD_SECONDS": "3",
            # Receivers of messages are on this machine.
            "WAXELL_OUTBOX_ALLOW": "127.0.0.1",
            "WAXELL_TEST_MARKS": str(home / "marks"),
        }
        (home / "marks").mkdir()
        run = LocalRun(home=home, extra=extra).start()
        try:
            ready = run.wait_until_ready()
        except AssertionError:
            run.stop()
            raise
        pool = httpx.Limits(max_connections=200, max_keepalive_connections=64)
        http = httpx.Client(base_url=ready["url"], timeout=60, limits=pool, trust_env=False)
        return cls(run=run, ready=ready, http=http)

    def stop(self) -> None:
        self.http.close()
        try:
            self.run.stop()
        finally:
            shutil.rmtree(self.run.home, ignore_errors=True)

    @property
    def marks(self) -> Path:
        """Where the tests' workflows leave what they did."""
        return self.run.home / "marks"

    def log(self, name: str) -> str:
        """What the process `web`, `worker` or `sweep` has said so far."""
        return (self.run.home / "log" / f"{name}.log").read_text(errors="replace")

    def server_errors(self) -> list[str]:
        """What the web server has said so far of the 5xx that it answered."""
        return [line for line in self.log("web").splitlines() if SERVER_ERROR in line]

    def processes(self, name: str) -> list[psutil.Process]:
        """The live processes of `web`, `worker` or `sweep`, the master first."""
        found = [
            process for process in self.run.processes() if _environ(process).get("WAXELL_PROCESS") == f"waxell-{name}"
        ]
        return sorted(found, key=lambda process: (parent_of(process) != self.run.process.pid, process.pid))

    def attempts(self) -> list[psutil.Process]:
        """The processes that carry out an execution now: the children of the worker's pool."""
        everyone = self.processes("worker")
        masters = {process.pid for process in everyone if parent_of(process) == self.run.process.pid}
        pool = {process.pid for process in everyone if parent_of(process) in masters}
        return [process for process in everyone if parent_of(process) in pool]

    def stop_database(self) -> None:
        """`pg_ctl stop -m immediate` of a server that works: no checkpoint, no goodbye. It is started again."""
        os.kill(wait_until(self._postmaster, 60), signal.SIGQUIT)

    def _postmaster(self) -> int | None:
        """The process that accepts connections. Between two servers, and while one recovers, there is none."""
        try:
            lines = (self.run.home / "pg" / "postmaster.pid").read_text().split()
        except FileNotFoundError:
            return None
        return int(lines[0]) if lines[-1:] == ["ready"] else None

    def wait_until_answering(self, seconds: float = 90) -> None:
        """Wait until the web server answers and so does the database behind it."""

        def answers() -> bool:
            try:
                key = self.ready["keys"]["govern"]
                return self.http.get("/api/v1/policies/", headers={"X-Wax-Key": key}).status_code == 200
            except httpx.TransportError:
                return False

        wait_until(answers, seconds)

    @contextmanager
    def looked_into(self) -> Iterator[None]:
        """Let Django's connections of this process go to the stack's database, as the application role."""
        from django.db import connections

        settings = connections.settings["default"]
        kept = {name: settings[name] for name in LOGIN}
        login = DatabaseAddress.parse(self.ready["database_url"]).django()
        _log_in({name: login.get(name, "") for name in LOGIN})
        try:
            yield
        finally:
            _log_in(kept)


def wait_until[T](look: Callable[[], T], seconds: float = 10) -> T:
    """Return the first truthy thing that `look` returns; fails after `seconds`."""
    until = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < until, f"still {seen!r} after {seconds} s"
        time.sleep(0.05)
    return seen


def _log_in(login: dict[str, Any]) -> None:
    from django.db import connections

    connections.close_all()
    connections.settings["default"].update(login)
    connections["default"].settings_dict.update(login)


def _environ(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}
