"""Migrations say all that models and SQL files say."""

import re
from pathlib import Path
from typing import Final

import pytest
from django.core.management import call_command
from django.db import connection

ROOT: Final = Path(__file__).resolve().parents[2]
HOMES: Final = ("governance", "executions", "waxell/ledger", "waxell/outbox")
SQL: Final = sorted(path for home in HOMES for path in (ROOT / home / "sql").glob("*"))


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("path", SQL, ids=lambda path: path.name)
def test_each_sql_file_is_loaded_by_a_migration(path: Path) -> None:
    migrations = (path.parent.parent / "migrations").glob("[0-9]*.py")
    assert any(f'"{path.stem}"' in migration.read_text() for migration in migrations)


@pytest.mark.parametrize("path", SQL, ids=lambda path: path.name)
def test_sql_files_carry_their_version(path: Path) -> None:
    assert re.fullmatch(r"[a-z0-9_]+_v[0-9]+\.sql", path.name)
    for name in re.findall(r"CREATE FUNCTION (\w+)", path.read_text()):
        assert re.fullmatch(r"[a-z0-9_]+_v[0-9]+", name)


@pytest.mark.django_db
def test_every_function_in_the_database_comes_from_a_file() -> None:
    written = {name for path in SQL for name in re.findall(r"CREATE FUNCTION (\w+)", path.read_text())}
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname FROM pg_proc WHERE pronamespace = 'waxell'::regnamespace")
        present = {name for (name,) in cursor.fetchall() if not name.endswith("_append_only")}
    assert present == written


@pytest.mark.parametrize("home", HOMES)
def test_migrations_stand_in_one_line(home: str) -> None:
    """Two branches conflict in this file instead of at deploy time."""
    folder = ROOT / home / "migrations"
    names = sorted(path.stem for path in folder.glob("[0-9]*.py"))
    assert (folder / "max_migration.txt").read_text().strip() == names[-1]
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
