"""A migration operation that makes PostgreSQL refuse to change a table's rows."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

MAX_IDENTIFIER_BYTES = 63


class MakeAppendOnly(Operation):
    """Refuse UPDATE, DELETE and TRUNCATE on a model's table, for every role and every session.

    The refusal has SQLSTATE `restrict_violation` and the constraint name `<table>_append_only`,
    so Django raises IntegrityError. The triggers are ENABLE ALWAYS: `session_replication_role`
    does not switch them off.

    `may_change` names columns (not fields) that an UPDATE may still alter.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, may_change: Sequence[str] = ()) -> None:
        self.model_name = model_name
        self.may_change = tuple(may_change)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The models stay as they are; only the database learns something."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model: Any = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            columns = {field.column for field in model._meta.local_fields}
            if unknown := set(self.may_change) - columns:
                raise ValueError(f"{self.model_name} has no column {', '.join(sorted(unknown))}.")
            for statement in guard_statements(model._meta.db_table, self.may_change):
                schema_editor.execute(statement, params=None)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model: Any = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            table = model._meta.db_table
            for name in (row_guard(table), truncate_guard(table)):
                schema_editor.execute(f'DROP TRIGGER "{name}" ON "{table}"', params=None)
            schema_editor.execute(f'DROP FUNCTION "{row_guard(table)}"()', params=None)

    def describe(self) -> str:
        return f"Make {self.model_name} append-only"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name.lower()}_append_only"


def row_guard(table: str) -> str:
    """Name of the row trigger, of its function and of the constraint it reports."""
    return _identifier(f"{table}_append_only")


def truncate_guard(table: str) -> str:
    """Name of the statement trigger that refuses TRUNCATE."""
    return _identifier(f"{table}_no_truncate")


def guard_statements(table: str, may_change: Sequence[str] = ()) -> list[str]:
    """Return the statements that guard `table`. Needs PostgreSQL 14 or newer."""
    guard, truncate = row_guard(table), truncate_guard(table)
    allowance = ""
    if may_change:
        # `*=` compares the stored bytes, so that not even 1.0 may become 1.00, and it covers
        # columns that later migrations add.
        levelled = "\n".join(f'        kept."{column}" := OLD."{column}";' for column in may_change)
        allowance = f"""
    IF TG_OP = 'UPDATE' THEN
        kept := NEW;
{levelled}
        IF kept *= OLD THEN
            RETURN NEW;
        END IF;
    END IF;"""
    function = f"""
CREATE FUNCTION "{guard}"() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $guard$
DECLARE
    kept record;
BEGIN{allowance}
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        MESSAGE = format('%s on %I is refused: its rows are evidence.', TG_OP, TG_TABLE_NAME),
        SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = '{guard}';
END
$guard$"""
    return [
        function,
        f'CREATE TRIGGER "{guard}" BEFORE UPDATE OR DELETE ON "{table}" FOR EACH ROW EXECUTE FUNCTION "{guard}"()',
        f'CREATE TRIGGER "{truncate}" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION "{guard}"()',
        f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER "{guard}"',
        f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER "{truncate}"',
    ]


def _identifier(name: str) -> str:
    """Return `name`, shortened with a digest where PostgreSQL would silently cut it."""
    if len(name.encode()) < MAX_IDENTIFIER_BYTES:
        return name
    tail = "_" + hashlib.sha256(name.encode()).hexdigest()[:8]
    return name[: MAX_IDENTIFIER_BYTES - 1 - len(tail)] + tail
