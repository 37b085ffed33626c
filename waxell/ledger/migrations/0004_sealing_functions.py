from django.db import migrations
from django.db.migrations.operations import RunSQL

from waxell.lib.db.append_only import guard_statements, row_guard, truncate_guard
from waxell.lib.db.sql import functions, load

# What may still change of a row, by table.
EVIDENCE = {
    "ledger_log": (),
    "ledger_leaf": (),
    "ledger_tile": (),
    "ledger_checkpoint": ("published_at",),
    "ledger_key": (),
}


def _drop_guard(table: str) -> list[str]:
    return [
        f"DROP TRIGGER {truncate_guard(table)} ON {table}",
        f"DROP TRIGGER {row_guard(table)} ON {table}",
        f"DROP FUNCTION {row_guard(table)}()",
    ]


class Migration(migrations.Migration):
    """Create the tables of sealing in SQL, guard them, and add the sealer's doors into them."""

    dependencies = [("ledger", "0003_sealing_models")]

    operations = [
        RunSQL(
            load("waxell.ledger", "ledger_sealing_tables_v1"),
            [
                "DROP TABLE ledger_sealer, ledger_key, ledger_checkpoint, ledger_tile, ledger_leaf, ledger_log",
                "ALTER TABLE ledger_seal_queue DROP COLUMN queued_at",
            ],
        ),
        *(RunSQL(guard_statements(table, columns), _drop_guard(table)) for table, columns in EVIDENCE.items()),
        functions("waxell.ledger", "ledger_seal_v1"),
    ]
