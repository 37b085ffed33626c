from django.db import migrations
from django.db.migrations.operations import RunSQL

from waxell.lib.db.sql import load


class Migration(migrations.Migration):
    """What is erased must not live on in the planner's statistics."""

    dependencies = [("ledger", "0007_witnesses")]

    operations = [
        RunSQL(
            load("waxell.ledger", "ledger_payload_statistics_v1"),
            "ALTER TABLE ledger_payload ALTER COLUMN content SET STATISTICS -1, ALTER COLUMN salt SET STATISTICS -1",
        )
    ]
