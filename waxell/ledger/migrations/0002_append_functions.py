from django.db import migrations
from django.db.migrations.operations import RunSQL

from waxell.lib.db.append_only import guard_statements, row_guard, truncate_guard
from waxell.lib.db.sql import functions, load

EVIDENCE = ("ledger_entry", "ledger_payload")


def _drop_guard(table: str) -> list[str]:
    return [
        f"DROP TRIGGER {truncate_guard(table)} ON {table}",
        f"DROP TRIGGER {row_guard(table)} ON {table}",
        f"DROP FUNCTION {row_guard(table)}()",
    ]


class Migration(migrations.Migration):
    """Create the hot tables in SQL, guard them, and add the only doors into them."""

    dependencies = [("ledger", "0001_initial")]

    operations = [
        RunSQL(
            load("waxell.ledger", "ledger_tables_v1"),
            "DROP TABLE ledger_seal_queue, ledger_payload, ledger_entry",
        ),
        *(RunSQL(guard_statements(table), _drop_guard(table)) for table in EVIDENCE),
        functions("waxell.ledger", "ledger_append_v1", "ledger_payloads_v1", "ledger_stream_v1"),
    ]
