from django.db import migrations
from django.db.migrations.operations import RunSQL

from waxell.lib.db.sql import functions, load


class Migration(migrations.Migration):
    """The gate: guards on the execution's row, and the functions that alone write it."""

    dependencies = [
        ("executions", "0001_initial"),
        ("governance", "0003_budget_and_publication_functions"),
        ("ledger", "0002_append_functions"),
    ]

    operations = [
        RunSQL(
            load("executions", "execution_guard_v1"),
            """
            DROP TRIGGER execution_table_stays ON executions_execution;
            DROP TRIGGER execution_stays ON executions_execution;
            DROP TRIGGER execution_moves_forward ON executions_execution;
            DROP FUNCTION execution_stays_v1();
            DROP FUNCTION execution_guard_v1();
            DROP FUNCTION execution_ended_v1(text);
            DROP FUNCTION execution_transition_v1(text, text);
            ALTER TABLE executions_execution RESET (fillfactor);
            """,
        ),
        functions(
            "executions",
            "gate_snapshot_v1",
            "gate_append_v1",
            "execution_lease_v1",
            "addendum_append_v1",
        ),
    ]
