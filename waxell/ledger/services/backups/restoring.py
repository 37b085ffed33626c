"""Restoring a backup into an empty database, with rights as this installation's roles should have them.

Everything that could go wrong is looked at first. What is restored was once published: the sealer
compares the two before it signs, and stops where the backup is the older.
"""

from pathlib import Path
from typing import Final

from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

from waxell.ledger.services.backups import programs
from waxell.ledger.services.backups.making import SCHEMA
from waxell.ledger.services.backups.manifests import BackupUnusable, Manifest
from waxell.lib.database_url import DatabaseAddress
from waxell.lib.db import grants
from waxell.lib.db.calls import call, call_one
from waxell.lib.errors import DomainError

_MAJOR: Final = 10_000
# What belongs to an extension may be there in a database that is as good as empty.
_THINGS: Final = """
SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname IN ('waxell', 'public')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                      AND d.deptype IN ('e', 'i'))
 ORDER BY 1 LIMIT 3
"""
_OTHERS: Final = """
SELECT DISTINCT coalesce(nullif(application_name, ''), usename, '?') AS name FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY 1
"""


class NotEmpty(DomainError):
    """The database is not empty: a backup is restored into a new one, and nothing is ever replaced."""

    code = "not_empty"
    status = 409


class InUse(DomainError):
    """Others are connected to the database: stop every process of Waxell first."""

    code = "in_use"
    status = 409


def restore(directory: Path, address: DatabaseAddress) -> Manifest:
    """Restore a backup into the database of Django's connection, which is the owner's, at `address`.

    All or nothing, then migrations that came since, then rights. Raises BackupUnusable, NotEmpty, InUse, and
    what PostgreSQL's programs raise.
    """
    manifest = Manifest.read(directory)
    _check_versions(manifest)
    _check_database()
    dump = manifest.check_dump(directory)
    # Before anything is made: what the dump creates gets this installation's rights, not those of its origin.
    grants.prepare_schema(using="default")
    programs.run(
        *("pg_restore", address, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"),
        *(f"--schema={SCHEMA}", str(dump)),
    )
    call_command("migrate", interactive=False, verbosity=0)
    return manifest


def _check_versions(manifest: Manifest) -> None:
    version: int = call_one("SELECT current_setting('server_version_num')::integer AS version").version
    if version // _MAJOR < manifest.postgresql // _MAJOR:
        raise BackupUnusable(
            f"It was made by PostgreSQL {manifest.postgresql // _MAJOR}, and this is {version // _MAJOR}."
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if foreign := [name for name in manifest.migrations if name not in known]:
        raise BackupUnusable(f"It was made by another, probably newer, release of Waxell: {', '.join(foreign[:5])}.")


def _check_database() -> None:
    if things := [row.name for row in call(_THINGS)]:
        raise NotEmpty(f"It has {', '.join(things)}.")
    if others := [row.name for row in call(_OTHERS)]:
        raise InUse(", ".join(others))
