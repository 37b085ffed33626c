"""PostgreSQL's own programs: those of the embedded server where it is installed, else those of the PATH."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from waxell.lib.database_url import DatabaseAddress
from waxell.lib.errors import DomainError
from waxell.local import cluster
from waxell.local.errors import CannotStart


class ProgramMissing(DomainError):
    """A program of PostgreSQL's is not installed here."""

    code = "program_missing"
    status = 503


class ProgramFailed(DomainError):
    """A program of PostgreSQL's did not finish."""

    code = "program_failed"
    status = 503


def run(name: str, address: DatabaseAddress, *words: str) -> None:
    """Run `name` against a database and wait for it. Raises ProgramMissing, ProgramFailed."""
    # A password in the arguments could be read by everybody on the machine.
    where = replace(address, password="").conninfo()
    environment = os.environ | ({"PGPASSWORD": address.password} if address.password else {})
    command = [str(_find(name)), "--no-password", "--dbname", where, *words]
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        told = [line for line in done.stderr.splitlines() if "error:" in line] or done.stderr.splitlines()
        raise ProgramFailed(f"{name}: {told[0] if told else f'exit status {done.returncode}'}")


def _find(name: str) -> Path:
    try:
        embedded = cluster.programs() / name
        if embedded.exists():
            return embedded
    except CannotStart:
        # A server of one's own brings its own programs.
        pass
    found = shutil.which(name)
    if found is None:
        raise ProgramMissing(f"{name} is not on the PATH: install PostgreSQL's client programs.")
    return Path(found)
