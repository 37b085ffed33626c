from django.db import migrations
from django.db.migrations.operations import RunSQL

from waxell.lib.db.sql import functions, load


class Migration(migrations.Migration):
    """Windows, reservations and governance states are written by these functions only."""

    dependencies = [
        ("governance", "0002_immutable_versions"),
        ("ledger", "0002_append_functions"),
    ]

    operations = [
        RunSQL(
            load("governance", "window_guard_v1"),
            """
            DROP TRIGGER window_starts_within_limit ON governance_window;
            DROP TRIGGER window_within_limit ON governance_window;
            DROP FUNCTION window_guard_v1();
            ALTER TABLE governance_window RESET (fillfactor);
            ALTER TABLE governance_reservation RESET (fillfactor);
            """,
        ),
        functions(
            "governance",
            "budget_shapes_v1",
            "budget_reserve_v1",
            "budget_settle_v1",
            "governance_publish_v1",
        ),
    ]
