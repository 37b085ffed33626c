"""Making a backup: one snapshot of everything, there whole or not at all."""

import os
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from waxell.ledger.services.backups import programs
from waxell.ledger.services.backups.manifests import DUMP, MANIFEST, Head, Manifest, digest_of
from waxell.lib.database_url import DatabaseAddress
from waxell.lib.errors import DomainError

SCHEMA: Final = "waxell"

_FACTS: Final = """
SELECT pg_export_snapshot(), current_setting('server_version_num')::integer, now(),
       (SELECT count(*) FROM waxell.ledger_seal_queue),
       (SELECT array_agg(app || '.' || name ORDER BY app, name) FROM waxell.django_migrations)
"""
_HEAD: Final = """
SELECT c.log, l.origin, c.size, c.note FROM waxell.ledger_checkpoint c JOIN waxell.ledger_log l ON l.number = c.log
 ORDER BY c.log DESC, c.size DESC LIMIT 1
"""


class BackupExists(DomainError):
    """There is something at that place already, and a backup replaces nothing."""

    code = "backup_exists"
    status = 409


class DatabaseUnreachable(DomainError):
    """The database cannot be reached, or is not Waxell's."""

    code = "database_unreachable"
    status = 503


def make(target: Path, address: DatabaseAddress) -> tuple[Path, Manifest]:
    """Dump the database at `address` and return the backup's directory and manifest.

    `target` is that directory, or one that exists already, in which it gets a name with the time. Raises
    BackupExists, DatabaseUnreachable, and what PostgreSQL's programs raise; OSError.
    """
    directory = target / f"waxell-{datetime.now(UTC):%Y%m%dT%H%M%SZ}" if target.is_dir() else target
    if directory.exists():
        raise BackupExists(str(directory))
    draft = directory.with_name(f".{directory.name}.{secrets.token_hex(4)}")
    draft.mkdir(mode=0o700, parents=True)
    try:
        manifest = _fill(draft, address)
        _settle(draft)
        # A directory that is not empty is never replaced by a rename.
        draft.rename(directory)
    except psycopg.Error as error:
        raise DatabaseUnreachable(str(error).strip().splitlines()[0]) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _settle(directory.parent)
    return directory, manifest


def _fill(draft: Path, address: DatabaseAddress) -> Manifest:
    dump = draft / DUMP
    # Made here, so that it is nobody else's from its first byte on.
    os.close(os.open(dump, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with psycopg.connect(address.conninfo()) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        facts = connection.execute(_FACTS).fetchone()
        assert facts is not None  # noqa: S101  a SELECT without FROM has a row
        snapshot, version, now, waiting, migrations = facts
        found = connection.execute(_HEAD).fetchone()
        # The snapshot lives as long as this transaction does.
        programs.run(
            *("pg_dump", address, "--format=custom", f"--schema={SCHEMA}", f"--snapshot={snapshot}"),
            *("--file", str(dump)),
        )
    manifest = Manifest(
        made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        postgresql=version,
        migrations=tuple(migrations),
        head=Head(log=found[0], origin=found[1], size=found[2], note=found[3]) if found else None,
        waiting=waiting,
        bytes=dump.stat().st_size,
        digest=digest_of(dump),
    )
    descriptor = os.open(draft / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(manifest.text())
        stream.flush()
        os.fsync(stream.fileno())
    _settle(dump)
    return manifest


def _settle(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
