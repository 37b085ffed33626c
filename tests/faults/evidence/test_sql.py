"""C2: SQL as the application's own login role, straight at evidence and through the doors into it."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from executions.queries.installation import evidence_tables
from executions.services import snapshots
from executions.services.appending import Answer, Draft, Stale, append
from executions.services.callers import system
from governance.models import Approval, Budget, Reservation
from tests.factories.executions import Run
from tests.faults.evidence.conftest import World, fingerprint

VERSIONS: Final = ("governance_policyversion", "governance_budgetversion", "governance_approvalvote")
TABLES: Final = (*evidence_tables(), *VERSIONS)
REFUSED: Final = "permission denied|must be owner|refused"

ATTACKS: Final = {
    "update": "UPDATE {t} SET {c} = {c}",
    "update of one row": "UPDATE {t} SET {c} = {c} WHERE ctid = (SELECT min(ctid) FROM {t})",
    "delete": "DELETE FROM {t}",
    "truncate": "TRUNCATE {t} CASCADE",
    "merge": "MERGE INTO {t} USING {t} AS s ON {t}.{c} = s.{c} WHEN MATCHED THEN UPDATE SET {c} = s.{c}",
    "merge delete": "MERGE INTO {t} USING {t} AS s ON {t}.{c} = s.{c} WHEN MATCHED THEN DELETE",
    "upsert": "INSERT INTO {t} SELECT * FROM {t} ON CONFLICT ({k}) DO UPDATE SET {c} = EXCLUDED.{c}",
    "writable cte": "WITH gone AS (DELETE FROM {t} RETURNING *) SELECT * FROM gone",
    "lock": "LOCK TABLE {t} IN EXCLUSIVE MODE",
    "lock rows": "SELECT * FROM {t} FOR UPDATE",
    "disable triggers": "ALTER TABLE {t} DISABLE TRIGGER ALL",
    "alter column": "ALTER TABLE {t} DROP COLUMN {c}",
    "drop": "DROP TABLE {t} CASCADE",
    "rename": "ALTER TABLE {t} RENAME TO mine",
    "rule": "CREATE RULE mine AS ON INSERT TO {t} DO INSTEAD NOTHING",
    "trigger": "CREATE TRIGGER mine BEFORE INSERT ON {t} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "owner": "ALTER TABLE {t} OWNER TO waxell_app",
    "block": "DO $$ BEGIN DELETE FROM {t}; END $$",
}
ADDING: Final = {
    "insert": "INSERT INTO {t} SELECT * FROM {t}",
    "insert nothing twice": "INSERT INTO {t} SELECT * FROM {t} ON CONFLICT DO NOTHING",
    "merge insert": "MERGE INTO {t} USING {t} AS s ON false WHEN NOT MATCHED THEN INSERT DEFAULT VALUES",
}
SESSION: Final = (
    "SET session_replication_role = replica",
    "SELECT set_config('session_replication_role', 'replica', false)",
    "SET ROLE waxell_owner",
    "SET SESSION AUTHORIZATION waxell_owner",
    "ALTER ROLE waxell_app SUPERUSER",
    "GRANT waxell_owner TO waxell_app",
    "ALTER SYSTEM SET fsync = off",
    "CREATE FUNCTION waxell.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION waxell.execution_ended_v1(text) RETURNS boolean LANGUAGE sql AS 'SELECT false'",
    "ALTER FUNCTION waxell.gate_append_v1 SECURITY INVOKER",
    "DROP FUNCTION waxell.execution_guard_v1 CASCADE",
    "CREATE TEMPORARY TABLE governance_window (id int)",
    "CREATE SCHEMA mine",
    "CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION waxell.execution_guard_v1()",
    "COPY ledger_entry TO PROGRAM 'cat'",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'waxell_owner' UNION ALL"
    " SELECT lo_import('/etc/passwd') IS NULL",
)


def _columns(table: str) -> tuple[str, str]:
    """A table's first key column as SQL wants it for ON CONFLICT, and one column more."""
    with connection.cursor() as cursor:
        keys = connection.introspection.get_primary_key_columns(cursor, table)
        names = [column.name for column in connection.introspection.get_table_description(cursor, table)]
    return ", ".join(f'"{key}"' for key in keys), f'"{names[-1]}"'


def _message(statement: str) -> str:
    """What the database says to a statement; empty where it obeys."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("table", TABLES)
def test_no_statement_touches_evidence(world: World, table: str) -> None:
    key, column = _columns(table)
    attacks = ATTACKS | (ADDING if table not in VERSIONS else {})
    before = fingerprint(table)

    answers = {name: _message(attack.format(t=table, c=column, k=key)) for name, attack in attacks.items()}

    assert {name: said for name, said in answers.items() if not _denied(said)} == {}
    assert fingerprint(table) == before


def _denied(said: str) -> bool:
    return any(word in said for word in REFUSED.split("|"))


def test_the_role_grants_itself_nothing(world: World) -> None:
    """PostgreSQL answers such a GRANT with a warning, not with an error."""
    for table in TABLES:
        _message(f"GRANT ALL ON {table} TO waxell_app, PUBLIC")

    with connection.cursor() as cursor:
        cursor.execute("SELECT t FROM unnest(%s::text[]) AS t WHERE has_table_privilege(t, 'UPDATE')", [list(TABLES)])
        assert cursor.fetchall() == []


@pytest.mark.parametrize("table", sorted(set(TABLES) - set(VERSIONS)))
def test_copy_adds_nothing_to_evidence(world: World, table: str) -> None:
    with (
        pytest.raises(Exception, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} FROM STDIN"),
    ):
        pass


@pytest.mark.parametrize("statement", SESSION)
def test_no_session_rises_above_its_role(world: World, statement: str) -> None:
    assert _message(statement), f"the database obeyed: {statement}"


@pytest.mark.parametrize(
    "change",
    [
        "revoked_at = NULL",
        "revoked_at = now()",
        "expires_at = 'infinity'",
        "scopes = '{govern}'",
        "agent_id = NULL",
        "secret_digest = ''",
    ],
)
def test_a_key_is_what_it_was_issued_as(world: World, change: str) -> None:
    assert "permission denied" in _message(f"UPDATE governance_apikey SET {change}")  # noqa: S608
    assert "permission denied" in _message("DELETE FROM governance_apikey")


def test_the_application_may_call_only_the_doors(world: World) -> None:
    """Internal functions, `ledger_append_v1` first of all, are not among them; nor is anything new by default."""
    declared = {name for app in apps.get_app_configs() for name in getattr(app, "app_functions", ())}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'waxell'::regnamespace"
            " AND has_function_privilege(current_user, oid, 'EXECUTE')"
        )
        callable_here = {name for (name,) in cursor.fetchall()}
    assert callable_here == declared
    assert "permission denied" in _message(
        "SELECT ledger_append_v1(gen_random_uuid(), gen_random_uuid(), 1, NULL, '{}')"
    )
    assert "permission denied" in _message("SELECT budget_end_all_v1(gen_random_uuid(), now())")


def _forge(run: Run, type: str, **control: Any) -> None:
    """Send the gate's function a move that no service of ours would send."""
    snapshot = snapshots.take(project_id=run.row.project_id, key_id=None, execution_id=run.id)
    draft = Draft(execution_id=run.id, snapshot=snapshot, caller=system(run.row.project_id))
    draft.control |= {"reserve_seq": draft.next_seq, **control}
    draft.add(type, {})
    with transaction.atomic():
        append(draft, Answer(status=200, body={}), fence=None, retry=None)


def _budget(world: World) -> str:
    return str(Budget.objects.get(project=world.project).pk)


FORGERIES: Final[dict[str, Callable[[World], tuple[str, dict[str, Any]]]]] = {
    "an end without a closing entry": lambda w: ("note", {"to": "completed"}),
    "a closing entry without an end": lambda w: ("execution.closed", {}),
    "a state that does not follow": lambda w: ("note", {"to": "pending"}),
    "more than the limit": lambda w: ("note", {"reserve": [{"budget": _budget(w), "amount": 901}]}),
    "an excess that nobody granted": lambda w: (
        "note",
        {"reserve": [{"budget": _budget(w), "amount": 901, "extra": 1000}]},
    ),
    "a negative reservation": lambda w: ("note", {"reserve": [{"budget": _budget(w), "amount": -1}]}),
    "a negative excess": lambda w: ("note", {"reserve": [{"budget": _budget(w), "amount": 1, "extra": -1}]}),
    "a use below nothing": lambda w: ("note", _settle(w, -1)),
    "a shortage that is none": lambda w: ("note", {"short": [{"budget": _budget(w), "amount": 1}]}),
    "a grant without votes": lambda w: (
        "note",
        {"end_approval": {"id": str(Approval.objects.get(execution_id=w.waiting.id).pk), "state": "granted"}},
    ),
    "a grant of somebody else": lambda w: (
        "note",
        {"use_approvals": [str(Approval.objects.get(execution_id=w.waiting.id).pk)]},
    ),
    "an expiry before its time": lambda w: (
        "note",
        {"end_approval": {"id": str(Approval.objects.get(execution_id=w.waiting.id).pk), "state": "expired"}},
    ),
    "yesterday": lambda w: ("note", {"decided_at": "2026-01-01T00:00:00Z"}),
    "tomorrow": lambda w: ("note", {"decided_at": "2099-01-01T00:00:00Z"}),
    "rules that are not in force": lambda w: ("note", {"state": "00" * 32}),
    "an earlier place in the stream": lambda w: ("note", {"seq": 1}),
}


def _settle(world: World, actual: int) -> dict[str, Any]:
    held = Reservation.objects.get(execution_id=world.live.id, state="open")
    return {"settle": [{"id": held.pk, "actual": actual}], "settle_seq": held.action_seq}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_the_gates_own_door_refuses_forgeries(world: World, forgery: str) -> None:
    type, control = FORGERIES[forgery](world)
    tables = ("governance_window", "governance_reservation", "executions_execution", "ledger_entry")
    before = [fingerprint(table) for table in tables]
    run = world.waiting if "approval" in str(control) else world.live

    with pytest.raises((DatabaseError, Stale)):
        _forge(run, type, **control)

    assert [fingerprint(table) for table in tables] == before


def test_the_door_is_open_to_what_is_true(world: World) -> None:
    """Or the refusals above would prove nothing."""
    _forge(world.live, "note")

    assert world.live.entries[-1]["type"] == "note"


def test_a_closed_record_takes_no_entry(world: World) -> None:
    with pytest.raises(Stale):
        _forge(world.ended, "note")


def test_a_closed_record_takes_no_entry_through_the_stream_door(world: World) -> None:
    """`ledger_stream_append_v1` writes governance and addenda streams, and only those."""
    statement = "SELECT ledger_stream_append_v1(%s, %s, %s)"
    body = b'{"seq":9}'
    with pytest.raises(DatabaseError, match="no such stream"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [world.project.pk, world.ended.id, body])
