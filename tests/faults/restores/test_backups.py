"""Backups: whole or not at all, nobody else's, and restored with every guard and right as before."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from executions.queries.invariants import check_invariants
from governance.models import Project
from tests.factories.executions import start
from tests.sealing.ground import Ground, write
from tests.sealing.restored import NAME, back_up, empty_database, restored, run_restore
from waxell.ledger.models import Entry
from waxell.ledger.services.backups import making, programs
from waxell.ledger.services.backups.manifests import BackupUnusable, Manifest

# Everything about rights and guards that a catalogue knows, by name.
RIGHTS = """
SELECT 'relation', relname::text, relkind::text, (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(relacl) a)
  FROM pg_class WHERE relnamespace = 'waxell'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
UNION ALL
SELECT 'function', oid::regprocedure::text, prosecdef::text || coalesce(proconfig::text, ''),
       (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(proacl) a)
  FROM pg_proc WHERE pronamespace = 'waxell'::regnamespace
UNION ALL
SELECT 'trigger', tgrelid::regclass::text || '.' || tgname, tgenabled::text || pg_get_triggerdef(oid), NULL
  FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'constraint', conrelid::regclass::text || '.' || conname, contype::text || convalidated::text, NULL
  FROM pg_constraint WHERE connamespace = 'waxell'::regnamespace
UNION ALL
SELECT 'schema', nspname::text, '', (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(nspacl) a)
  FROM pg_namespace WHERE nspname IN ('waxell', 'public')
UNION ALL
SELECT 'default', defaclobjtype::text, defaclnamespace::regnamespace::text,
       (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(defaclacl) a) FROM pg_default_acl
ORDER BY 1, 2, 3
"""


def rights(ground: Ground, database: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(ground.server.address("owner", name=database).conninfo()) as connection:
        connection.execute("SET search_path = waxell, public")
        return connection.execute(RIGHTS).fetchall()


def test_what_is_restored_has_the_rights_and_guards_of_its_origin(ground: Ground, project: Project) -> None:
    start(project).close()
    ground.seal()
    home = connections["default"].settings_dict["NAME"]
    entries = sorted(Entry.objects.values_list("stream", "seq", "digest"))
    before = rights(ground, home)

    with restored(ground, back_up(ground)):
        assert rights(ground, NAME) == before
        assert sorted(Entry.objects.values_list("stream", "seq", "digest")) == entries
        assert check_invariants() == []

    assert len(before) > 200


def test_a_restored_database_goes_on(ground: Ground, project: Project) -> None:
    run = start(project)
    ground.seal()

    with restored(ground, back_up(ground)) as told:
        assert "Nothing that was published is missing" in told
        run.close()
        write(project.pk, project.pk, 3)
        assert ground.seal() > 3
        assert check_invariants() == []


def test_a_backup_is_its_makers_alone_and_says_what_it_holds(ground: Ground, project: Project) -> None:
    write(project.pk, project.pk, 5)
    ground.seal()
    write(project.pk, project.pk, 2)

    directory = back_up(ground)

    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()} == {0o600}
    manifest = Manifest.read(directory)
    assert manifest.head is not None
    assert (ground.published / "logs/1/checkpoint").read_text() == manifest.head.note
    assert manifest.waiting == 2
    assert "ledger.0007_witnesses" in manifest.migrations
    assert manifest.check_dump(directory).stat().st_size == manifest.bytes


def test_a_backup_gets_a_name_in_a_directory_and_replaces_nothing(ground: Ground, project: Project) -> None:
    made = [back_up(ground, "."), back_up(ground, "one")]

    with pytest.raises(making.BackupExists):
        making.make(made[0] / "manifest.json", ground.server.address("owner"))
    assert made[0].name.startswith("waxell-20")
    assert sorted(file.name for file in made[1].iterdir()) == ["database.dump", "manifest.json"]


def test_a_backup_that_fails_leaves_nothing(ground: Ground, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = set(os.listdir(ground.path))
    # The embedded server's programs are out of reach, and another is in their place.
    liar = ground.path / "bin"
    liar.mkdir()
    (liar / "pg_dump").write_text(
        '#!/bin/sh\nfor last; do :; done\necho half > "$last"\necho "error: disk full" >&2\nexit 1\n'
    )
    (liar / "pg_dump").chmod(0o755)
    monkeypatch.setattr(programs.cluster, "programs", lambda: ground.path / "nowhere")
    monkeypatch.setenv("PATH", f"{liar}:{os.environ['PATH']}")

    with pytest.raises(programs.ProgramFailed, match="disk full"):
        back_up(ground)

    assert set(os.listdir(ground.path)) == kept | {"bin"}


def test_nothing_is_restored_over_anything(ground: Ground, project: Project) -> None:
    backup = back_up(ground)
    home = connections["default"].settings_dict["NAME"]
    before = Entry.objects.count()

    done = run_restore(ground, backup, home)

    assert done.status == 1
    assert "The database is not empty" in done.output
    assert Entry.objects.count() == before


def test_nothing_is_restored_under_running_processes(ground: Ground, project: Project) -> None:
    backup = back_up(ground)
    with empty_database(ground.server) as name:
        address = ground.server.address("owner", name=name).conninfo()
        with psycopg.connect(address, application_name="waxell-web"):
            done = run_restore(ground, backup)
        assert done.status == 1
        assert "stop every process of Waxell first. waxell-web" in done.output
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT to_regnamespace('waxell')").fetchone() == (None,)


def test_only_the_owner_restores(ground: Ground, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="WAXELL_DATABASE_AS=owner"):
        call_command("restore", str(tmp_path))


def _change(backup: Path, **members: Any) -> None:
    file = backup / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | members))


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"postgresql": 990_001}, "It was made by PostgreSQL 99"),
        ({"migrations": ["ledger.0001_initial", "ledger.9999_future"]}, "newer, release of Waxell: ledger.9999_future"),
        ({"format": "waxell-backup/2"}, "a form that is not known here"),
        ({"digest": "sha256:" + 64 * "0"}, "is damaged"),
        ({"more": 1}, "has no manifest.json that can be read"),
    ],
)
def test_backups_that_do_not_belong_here_are_refused(
    ground: Ground, project: Project, members: dict[str, Any], reason: str
) -> None:
    backup = back_up(ground)
    _change(backup, **members)

    with empty_database(ground.server) as name:
        done = run_restore(ground, backup)
        with psycopg.connect(ground.server.address("owner", name=name).conninfo()) as connection:
            assert connection.execute("SELECT to_regnamespace('waxell')").fetchone() == (None,)

    assert done.status == 1, done.output
    assert reason in done.output


def test_a_cut_dump_is_refused(ground: Ground, project: Project) -> None:
    backup = back_up(ground)
    dump = backup / "database.dump"
    dump.write_bytes(dump.read_bytes()[:-10])

    with pytest.raises(BackupUnusable, match="is damaged"):
        Manifest.read(backup).check_dump(backup)
