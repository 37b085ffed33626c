"""What is kept of the release before: its database, what its web process said to one, and a bundle; see make.py."""

import json
import lzma
import os
import re
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors, sql

from tests.plugin.server import TestServer
from tests.sealing.ground import MANAGE
from waxell.lib.times import format_time
from waxell.local.cluster import programs
from waxell.local.roles import ROLES

KEPT = Path(__file__).parent / "release"
BUNDLE = KEPT / "completed.bundle"
# The gate refuses a snapshot that is not of now; everything else of a call is as it was recorded.
DECIDED_AT = re.compile(r'("decided_at":)"[^"]+"')
RETRIED = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable)
RETRIES = 5


def restore(server: TestServer, name: str) -> None:
    """Bring the release's database, with its owners and rights, into an empty one."""
    superuser = server.cluster.superuser(name).conninfo()
    with psycopg.connect(superuser, autocommit=True) as connection:
        for guest in (ROLES["app"], ROLES["sealer"]):
            grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
            connection.execute(grant.format(sql.Identifier(name), sql.Identifier(guest)))
    command = [programs() / "pg_restore", "--dbname", superuser, "--single-transaction", "--exit-on-error"]
    dump = lzma.decompress((KEPT / "database.dump.xz").read_bytes())
    done = subprocess.run(command, input=dump, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def migrate(server: TestServer, name: str) -> subprocess.Popen[str]:
    """Begin to migrate as the owner, in a process of its own, as an operator does."""
    environment = os.environ | {
        "WAXELL_DATABASE_AS": "owner",
        "WAXELL_DATABASE_URL": server.address("app", name=name).url(),
        "WAXELL_OWNER_DATABASE_URL": server.address("owner", name=name).url(),
        "WAXELL_SEALER_DATABASE_URL": server.address("sealer", name=name).url(),
    }
    command = [sys.executable, MANAGE, "migrate", "--no-input"]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@dataclass(slots=True, kw_only=True)
class OldWeb:
    """The release's web process: one connection of the application's, and what it said on one like it."""

    connection: psycopg.Connection[Any]
    said: int = 0

    @classmethod
    def connect(cls, server: TestServer, name: str) -> "OldWeb":
        connection = psycopg.connect(server.address("app", name=name).conninfo(), autocommit=True)
        # Each statement is prepared when it is first said, and must still be good after the migration.
        connection.prepare_threshold, connection.prepared_max = 0, None
        return cls(connection=connection)

    def say(self, part: str, *, pause: float = 0.0) -> None:
        """Say all of a part again, transaction by transaction, `pause` seconds apart. Any error rises."""
        for statements in _transactions(part):
            self._carry_out(statements)
            self.said += 1
            time.sleep(pause)

    def look_again(self, part: str) -> None:
        """Say again what only reads, in the very sessions that prepared it before."""
        for statements in _transactions(part):
            if len(statements) == 1 and statements[0].startswith("SELECT") and "_append_v1(" not in statements[0]:
                self.connection.execute(statements[0])

    def _carry_out(self, statements: list[str]) -> None:
        for turn in range(RETRIES + 1):
            try:
                # One statement is its own transaction here too: psycopg sends no BEGIN for it.
                with self.connection.transaction() if len(statements) > 1 else nullcontext():
                    for statement in statements:
                        self.connection.execute(self._of_now(statement))
                return
            except RETRIED:
                if turn == RETRIES:
                    raise
                time.sleep(0.02 * (turn + 1))

    def _of_now(self, statement: str) -> str:
        if "gate_append_v1(" not in statement:
            return statement
        row = self.connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        return DECIDED_AT.sub(rf'\1"{format_time(row[0])}"', statement)


def _transactions(part: str) -> list[list[str]]:
    lines = lzma.decompress((KEPT / "statements.jsonl.xz").read_bytes()).decode().split("\n")
    return [line["statements"] for line in map(json.loads, lines) if line["part"] == part]
