from django.db import migrations
from django.db.migrations.operations import RunSQL

from waxell.lib.db.sql import load


class Migration(migrations.Migration):
    """The registry moves the project's epoch, and windows are guarded without a call for each."""

    dependencies = [("governance", "0005_retention")]

    operations = [
        RunSQL(
            load("governance", "registry_epoch_v1"),
            """
            DROP TRIGGER project_moves_epoch ON governance_project;
            DROP TRIGGER key_moves_epoch ON governance_apikey;
            DROP TRIGGER team_moves_epoch ON governance_team;
            DROP TRIGGER agent_moves_epoch ON governance_agent;
            DROP TRIGGER membership_moves_epoch ON governance_agent_teams;
            DROP TRIGGER workflow_moves_epoch ON governance_workflow;
            DROP TRIGGER tool_moves_epoch ON governance_tool;
            DROP TRIGGER model_moves_epoch ON governance_model;
            DROP FUNCTION registry_moved_v1();
            """,
        ),
        RunSQL(
            load("governance", "window_guard_v2"),
            """
            DROP TRIGGER window_within_limit ON governance_window;
            CREATE TRIGGER window_within_limit BEFORE UPDATE ON governance_window
                FOR EACH ROW WHEN (NEW.reserved > OLD.reserved) EXECUTE FUNCTION window_guard_v1();
            ALTER TABLE governance_window ENABLE ALWAYS TRIGGER window_within_limit;
            """,
        ),
    ]
