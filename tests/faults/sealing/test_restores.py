"""A database behind what it published: signing stops, and says why."""

import os
import subprocess

import psycopg
import pytest
from django.db import connections

from governance.models import Project
from tests.factories import make_project
from tests.sealing.ground import MANAGE, Ground, write
from waxell.ledger.queries import sealing
from waxell.ledger.services import publishing, stores
from waxell.local.cluster import programs

RESTORED = "waxell_restored"


@pytest.fixture
def project(ground: Ground) -> Project:
    return make_project()


def _run(program: str, ground: Ground, database: str, *words: str) -> None:
    address = ground.server.address("owner", name=database)
    environment = os.environ | {
        "PGPASSWORD": str(address.password),
        "PGUSER": address.user,
        "PGHOST": str(address.host),
    }
    done = subprocess.run(
        [programs() / program, "--dbname", database, *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_restored_dump_does_not_sign(ground: Ground, project: Project) -> None:
    dump = str(ground.path / "dump")
    write(project.pk, project.pk, 50)
    ground.seal()
    name = connections["default"].settings_dict["NAME"]
    _run("pg_dump", ground, name, "--format=custom", "--file", dump)
    write(project.pk, project.pk, 50)
    ground.seal()
    before = (ground.published / "logs/1/checkpoint").read_bytes()

    with psycopg.connect(ground.server.cluster.superuser().conninfo(), autocommit=True) as superuser:
        superuser.execute(f"CREATE DATABASE {RESTORED} OWNER waxell_owner")
    try:
        _run("pg_restore", ground, RESTORED, "--no-owner", dump)
        sealer = ground.start(MANAGE, "seal", "--once", database=RESTORED)
        output = sealer.communicate(timeout=60)[0]
        assert sealer.returncode == 1, output
        assert "recover" in output
        owner = ground.server.address("owner", name=RESTORED).conninfo()
        with psycopg.connect(owner, options="-c search_path=waxell", autocommit=True) as connection:
            said = connection.execute("SELECT state, reason FROM ledger_sealer").fetchone()
            assert said == ("stopped", "ledger_behind")
            assert connection.execute("SELECT count(*) FROM ledger_checkpoint").fetchone() == (1,)
    finally:
        with psycopg.connect(ground.server.cluster.superuser().conninfo(), autocommit=True) as superuser:
            superuser.execute(f"DROP DATABASE {RESTORED} WITH (FORCE)")
    assert (ground.published / "logs/1/checkpoint").read_bytes() == before


def test_an_empty_database_does_not_sign_where_a_log_was_published(ground: Ground, project: Project) -> None:
    ground.published.mkdir()
    (ground.published / "current").write_text("1\nledger.test\n")
    with pytest.raises(publishing.Behind):
        ground.seal()
    (ground.published / "current").write_text("who knows")
    with pytest.raises(publishing.Inconsistent):
        ground.seal()


def test_a_log_opened_elsewhere_meanwhile_stops_sealing(ground: Ground, project: Project) -> None:
    ground.seal()
    (ground.published / "current").write_text("2\nledger.test/2\n")
    write(project.pk, project.pk)
    with pytest.raises(publishing.Behind):
        ground.seal()


def test_appending_goes_on_while_nothing_can_be_published(ground: Ground, project: Project) -> None:
    ground.seal()
    kept = ground.published.rename(ground.path / "away")
    ground.published.write_text("not a directory")
    write(project.pk, project.pk, 3)
    with pytest.raises(stores.StoreUnreachable):
        ground.seal()
    seen = sealing.sealer()
    assert seen is not None
    assert (seen.state, seen.reason) == ("stopped", "store_unreachable")
    assert sealing.lag().queued == 3
    ground.published.unlink()
    kept.rename(ground.published)
    assert ground.seal() == 3
