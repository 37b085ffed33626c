"""Backups of the test's database, and living in a copy that was restored from one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.db import connections
from psycopg import sql

from tests.plugin.server import TestServer
from tests.sealing.ground import MANAGE, Ground
from waxell.ledger.services.backups import making

NAME = "waxell_restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    status: int
    output: str


def back_up(ground: Ground, name: str = "backup") -> Path:
    """Back up the test's own database."""
    database = connections["default"].settings_dict["NAME"]
    directory, _ = making.make(ground.path / name, ground.server.address("owner", name=database))
    return directory


@contextmanager
def empty_database(server: TestServer, name: str = NAME) -> Iterator[str]:
    """An empty database of the owner's, gone after the block."""
    with psycopg.connect(server.cluster.superuser().conninfo(), autocommit=True) as superuser:
        superuser.execute(sql.SQL("CREATE DATABASE {} OWNER waxell_owner").format(sql.Identifier(name)))
        superuser.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM public").format(sql.Identifier(name)))
    try:
        yield name
    finally:
        with psycopg.connect(server.cluster.superuser().conninfo(), autocommit=True) as superuser:
            superuser.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run_restore(ground: Ground, backup: Path, database: str = NAME, **more: str) -> Done:
    """Run `manage.py restore` as the owner of a database."""
    hidden = {"WAXELL_SEALER_DATABASE_URL"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden} | {
        "WAXELL_DATABASE_AS": "owner",
        "WAXELL_DATABASE_URL": ground.server.address("app", name=database).url(),
        "WAXELL_OWNER_DATABASE_URL": ground.server.address("owner", name=database).url(),
        "WAXELL_SEALER_ROLE": "waxell_sealer",
        "WAXELL_PUBLISH_DIR": str(ground.published),
        **more,
    }
    done = subprocess.run(
        [sys.executable, MANAGE, "restore", str(backup)],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return Done(status=done.returncode, output=done.stdout)


@contextmanager
def restored(ground: Ground, backup: Path) -> Iterator[str]:
    """Live, with Django's own connections, in a database restored from `backup`; back at home after the block."""
    settings = connections["default"].settings_dict
    home = settings["NAME"]
    with empty_database(ground.server) as name:
        done = run_restore(ground, backup)
        assert done.status == 0, done.output
        connections.close_all()
        settings["NAME"] = name
        try:
            yield done.output
        finally:
            connections.close_all()
            settings["NAME"] = home
