"""A database that the release before made, migrated while its web process and this release's are at work."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connections

from governance.models import Agent, Project
from tests.factories import make_key, make_person, make_project
from tests.factories.executions import Run, caller_of, start
from tests.factories.sealing import SIGNER
from tests.faults.upgrades import release
from tests.faults.upgrades.release import OldWeb
from tests.plugin.server import TestServer
from tests.sealing.restored import empty_database
from waxell.ledger.queries import checkpoints
from waxell.ledger.services import sealing

NAME = "waxell_upgraded"
LOGIN = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
COLUMNS = """
SELECT table_name || '.' || column_name, data_type, is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'
  FROM information_schema.columns WHERE table_schema = 'waxell'
"""
# What each login may do to tables, columns, sequences and functions.
RIGHTS = """
SELECT r.rolname, o.kind, o.name, p.right FROM pg_roles r
 CROSS JOIN LATERAL (
     SELECT 'table' AS kind, oid::regclass::text AS name, oid FROM pg_class
      WHERE relnamespace = 'waxell'::regnamespace AND relkind IN ('r', 'p', 'v')
     UNION ALL SELECT 'function', oid::regprocedure::text, oid FROM pg_proc
      WHERE pronamespace = 'waxell'::regnamespace) AS o
 CROSS JOIN LATERAL (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('EXECUTE')) AS p ("right")
 WHERE r.rolname IN ('waxell_app', 'waxell_sealer')
   AND CASE o.kind WHEN 'table' THEN p.right <> 'EXECUTE' AND has_table_privilege(r.oid, o.oid, p.right)
                   ELSE p.right = 'EXECUTE' AND has_function_privilege(r.oid, o.oid, p.right) END
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a process of a release relies on: columns with their types, those it must fill, and its rights."""

    columns: dict[str, str]
    required: frozenset[str]
    rights: frozenset[tuple[str, ...]]

    @classmethod
    def read(cls, server: TestServer, name: str) -> "Contract":
        with psycopg.connect(server.address("owner", name=name).conninfo()) as connection:
            columns = connection.execute(COLUMNS).fetchall()
            rights = connection.execute(RIGHTS).fetchall()
        return cls(
            columns={column: kind for column, kind, _ in columns},
            required=frozenset(column for column, _, required in columns if required),
            rights=frozenset(rights),
        )


@dataclass(slots=True, kw_only=True)
class Upgrade:
    """`before` and `after` are of the database; `old` has said everything that was recorded of it."""

    server: TestServer
    before: Contract
    after: Contract
    old: OldWeb
    new: Run
    continued: Run


@pytest.fixture(scope="module")
def upgraded(database_server: TestServer, django_db_blocker: Any) -> Iterator[Upgrade]:
    """Before, during and after the migration the old web process works; after it a new one does too."""
    with empty_database(database_server, NAME) as name:
        release.restore(database_server, name)
        before = Contract.read(database_server, name)
        old = OldWeb.connect(database_server, name)
        with old.connection, living_in(database_server, name), django_db_blocker.unblock():
            old.say("before")
            _migrate_beside(old, database_server, name)
            old.look_again("before")
            new = _work_beside(old)
            continued = _go_on()
            _seal(database_server)
            after = Contract.read(database_server, name)
            yield Upgrade(server=database_server, before=before, after=after, old=old, new=new, continued=continued)


@pytest.fixture
def upgrade(upgraded: Upgrade, django_db_blocker: Any) -> Iterator[Upgrade]:
    with django_db_blocker.unblock():
        yield upgraded


@contextmanager
def living_in(server: TestServer, name: str) -> Iterator[None]:
    """Let Django's connections go to another database, as the application."""
    settings = connections["default"].settings_dict
    kept = {key: settings[key] for key in LOGIN}
    # Django remembers these by number, and each database numbers them in its own way.
    ContentType.objects.clear_cache()
    connections.close_all()
    settings.update({key: server.address("app", name=name).django().get(key, "") for key in LOGIN})
    try:
        yield
    finally:
        connections.close_all()
        ContentType.objects.clear_cache()
        settings.update(kept)


def _migrate_beside(old: OldWeb, server: TestServer, name: str) -> None:
    with Speaking(old, "during", pause=0.05):
        migration = release.migrate(server, name)
        output = migration.communicate(timeout=120)[0]
    assert migration.returncode == 0, output


def _work_beside(old: OldWeb) -> Run:
    """An agent's day in this release, in a project of its own, while the old process goes on in the first."""
    with Speaking(old, "after", pause=0.01):
        project = make_project(make_person("Nova"), slug="second", name="Second")
        run = start(project, input="made by the new one")
        for number in range(5):
            run.report(run.ask(args={"n": number}).body["seq"], output=number, seconds=1)
        run.close()
    return run


def _go_on() -> Run:
    """This release drives on what the old process began and left."""
    from executions.models import Execution

    project = Project.objects.get(slug="first")
    begun = Execution.objects.get(project_id=project.pk, labels={"n": "6"})
    agent = Agent.objects.get(project=project, slug="scout")
    other = start(project, agent=agent)
    run = Run(caller=caller_of(make_key(project, agent)), id=begun.pk, fence=begun.fence, answer=other.answer)
    run.report(run.ask(args={"q": "went on"}).body["seq"], usd_micros=10)
    run.close()
    other.close()
    return run


def _seal(server: TestServer) -> None:
    server.become("sealer")
    try:
        log = checkpoints.newest_log()
        assert log is not None
        sealing.seal_batch(sealing.read(log), SIGNER)
    finally:
        server.become("app")


class Speaking(threading.Thread):
    """The old process goes through a part in a thread; leaving the block waits for it and raises what it met."""

    def __init__(self, old: OldWeb, part: str, *, pause: float) -> None:
        super().__init__(daemon=True)
        self.old, self.part, self.pause = old, part, pause
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.old.say(self.part, pause=self.pause)
        except Exception as error:
            self.error = error

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *raised: object) -> None:
        self.join(timeout=120)
        if self.error is not None:
            raise self.error
