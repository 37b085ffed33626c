from django.db import migrations
from django.db.migrations.operations import RunSQL

from waxell.lib.db.sql import load


class Migration(migrations.Migration):
    """The requester's own person has no vote."""

    dependencies = [("executions", "0002_gate_functions")]

    operations = [
        RunSQL(
            load("executions", "vote_guard_v1"),
            """
            DROP TRIGGER approvalvote_not_own ON governance_approvalvote;
            DROP FUNCTION vote_guard_v1();
            """,
        ),
    ]
