from django.db import migrations

from waxell.lib.db.sql import functions


class Migration(migrations.Migration):
    """A leaner door for callers that have read the entry already."""

    dependencies = [("ledger", "0005_erasure")]

    operations = [functions("waxell.ledger", "ledger_append_v2")]
