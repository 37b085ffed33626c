from django.db import migrations
from django.db.migrations.operations import RunSQL

from waxell.lib.db.sql import functions, load


class Migration(migrations.Migration):
    """The short road's append, and a guard that is called only where it has something to refuse."""

    dependencies = [
        ("executions", "0005_erasing"),
        ("governance", "0006_registry_epoch"),
        ("ledger", "0006_leaner_append"),
    ]

    operations = [
        RunSQL(
            load("executions", "execution_guard_v2"),
            """
            DROP TRIGGER execution_moves_forward ON executions_execution;
            CREATE TRIGGER execution_moves_forward BEFORE UPDATE ON executions_execution
                FOR EACH ROW EXECUTE FUNCTION execution_guard_v1();
            ALTER TABLE executions_execution ENABLE ALWAYS TRIGGER execution_moves_forward;
            """,
        ),
        functions("executions", "gate_allow_v1"),
    ]
