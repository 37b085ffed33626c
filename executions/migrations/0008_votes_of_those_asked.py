from django.db import migrations
from django.db.migrations.operations import RunSQL

from waxell.lib.db.sql import load


class Migration(migrations.Migration):
    """Only who is asked votes, only while somebody waits, and time moves only what waits."""

    dependencies = [("executions", "0007_simulations"), ("governance", "0011_approval_steps")]

    operations = [
        RunSQL(
            load("executions", "vote_asked_v1"),
            """
            DROP TRIGGER approvalvote_asked ON governance_approvalvote;
            DROP FUNCTION vote_asked_v1();
            """,
        ),
        RunSQL(
            load("executions", "step_guard_v1"),
            """
            DROP TRIGGER approvalstep_waits ON governance_approvalstep;
            DROP FUNCTION step_guard_v1();
            """,
        ),
    ]
