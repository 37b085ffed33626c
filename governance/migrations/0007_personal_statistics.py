from django.db import migrations
from django.db.migrations.operations import RunSQL

from waxell.lib.db.sql import load


class Migration(migrations.Migration):
    """What is erased must not live on in the planner's statistics."""

    dependencies = [("governance", "0006_registry_epoch")]

    operations = [
        RunSQL(
            load("governance", "personal_statistics_v1"),
            """
            ALTER TABLE governance_enduser ALTER COLUMN name SET STATISTICS -1;
            ALTER TABLE governance_storedanswer
                ALTER COLUMN body SET STATISTICS -1, ALTER COLUMN body_digest SET STATISTICS -1;
            ALTER TABLE governance_approval ALTER COLUMN args_digest SET STATISTICS -1;
            """,
        )
    ]
