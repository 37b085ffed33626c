from django.db import migrations

from waxell.lib.db.sql import functions


class Migration(migrations.Migration):
    """The door through which contents go."""

    dependencies = [
        ("executions", "0004_heartbeats"),
        ("governance", "0005_retention"),
        ("ledger", "0005_erasure"),
    ]

    operations = [functions("executions", "execution_erase_v1")]
