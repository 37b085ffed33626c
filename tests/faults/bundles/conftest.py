import io
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from governance.models import Project
from tests.factories import make_policy, make_project, make_tool
from tests.factories.executions import Run, start
from tests.factories.sealing import Seal, seal
from tests.plugin.server import TestServer

__all__ = ["project", "seal"]

GUARDED = (
    "ledger_entry",
    "ledger_payload",
    "ledger_leaf",
    "ledger_tile",
    "ledger_checkpoint",
    "ledger_key",
    "governance_policyversion",
)
TRIGGERS = """
SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger
 WHERE NOT tgisinternal AND tgrelid = ANY (%s::text[]::regclass[])
"""

type Rewrite = Callable[..., None]


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project()


@pytest.fixture
def rewrite(transactional_db: None, database_server: TestServer) -> Iterator[Rewrite]:
    """Runs statements as the superuser, with every guard switched off."""
    name = connections["default"].settings_dict["NAME"]
    with psycopg.connect(database_server.cluster.superuser(name).conninfo(), autocommit=True) as connection:
        connection.execute("SET search_path = waxell, public")

        triggers = connection.execute(TRIGGERS, [list(GUARDED)]).fetchall()

        def run(statement: str, *params: object) -> None:
            with connection.transaction():
                for table, trigger, _ in triggers:
                    connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
                assert connection.execute(statement, params).rowcount > 0
                for table, trigger, enabled in triggers:
                    how = "ENABLE ALWAYS" if enabled == "A" else "ENABLE"
                    connection.execute(f"ALTER TABLE {table} {how} TRIGGER {trigger}")

        yield run


@pytest.fixture
def run(project: Project, seal: Seal) -> Run:
    make_tool(project)
    make_policy(project)
    made = start(project, input="hello")
    made.ask("search", args={"q": "x"})
    made.ask("mail", args={"to": "bob"})
    made.close()
    seal()
    return made


def verified(*arguments: str) -> str:
    """What `verify` prints; it fails."""
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("verify", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()
