"""What must happen once before the first process starts: migrations, static files, the demo."""

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management import get_commands

from waxell.local import lowering
from waxell.local.environment import for_role
from waxell.local.errors import CannotStart
from waxell.local.home import Home

MANAGE = str(Path(__file__).resolve().parents[2] / "manage.py")


def manage(*words: str) -> list[str]:
    """The command line of one of Waxell's own commands."""
    return [sys.executable, MANAGE, *words]


def migrate(environ: Mapping[str, str], home: Home) -> None:
    """As the owner, in a process of its own: no other process ever knows that login."""
    _run(home, "migrate", manage("migrate", "--no-input", "--verbosity=1"), _as_owner(environ, "migrate"))


def restore(environ: Mapping[str, str], home: Home, backup: Path) -> None:
    """Restore a backup, as the owner; refused where the database holds anything."""
    _run(home, "restore", manage("restore", str(backup)), _as_owner(environ, "restore"))


def collect_static(environ: Mapping[str, str], home: Home, source: Path) -> None:
    """Copy and hash the static files, if any changed since the last time."""
    stamp = home.path / "static.stamp"
    fingerprint = _fingerprint(source)
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    environment = for_role(environ, "app", process="collectstatic")
    _run(home, "collectstatic", manage("collectstatic", "--no-input", "--clear", "--verbosity=0"), environment)
    stamp.write_text(fingerprint)


def make_ledger_key(environ: Mapping[str, str], home: Home) -> None:
    """Make the key that signs checkpoints, unless the environment brings one or the home has it."""
    if "ledger_key" in get_commands() and not environ.get("WAXELL_LEDGER_KEY"):
        environment = for_role(environ, "sealer", process="ledger-key")
        _run(home, "ledger_key", manage("ledger_key", "create", "--if-missing"), environment)


def demo(environ: Mapping[str, str], home: Home) -> dict[str, Any]:
    """Make the first owner and the demo project, or find them again: `{owner, keys, project}`.

    Empty where no app offers a `demo` command.
    """
    if "demo" not in get_commands():
        return {}
    environment = for_role(environ, "app", process="demo")
    _run(home, "demo", manage("demo", "--json", str(home.demo_file)), environment)
    result: dict[str, Any] = json.loads(home.demo_file.read_bytes())
    return result


def _as_owner(environ: Mapping[str, str], process: str) -> dict[str, str]:
    environment = for_role(environ, "owner", process=process)
    # The migrations grant to the app role, so this one process knows its name too.
    environment["WAXELL_DATABASE_URL"] = environ.get("WAXELL_DATABASE_URL") or environ.get("DATABASE_URL", "")
    return environment


def _run(home: Home, name: str, command: list[str], environment: dict[str, str]) -> None:
    log = home.logs / f"{name}.log"
    with log.open("wb") as stream:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            check=False,
            # Ctrl-C is for the supervisor, which stops between two steps.
            start_new_session=True,
            preexec_fn=_die_too,
        )
    if done.returncode != 0:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise CannotStart(f"`manage.py {name}` failed: {lines[-1] if lines else 'it said nothing'} ({log})")


def _die_too() -> None:
    lowering.die_with_parent(signal.SIGTERM)


def _fingerprint(source: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(source.rglob("*")):
        if file.is_file():
            status = file.stat()
            digest.update(f"{file.relative_to(source)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
