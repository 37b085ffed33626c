from django.db import migrations, models
from django.db.migrations.operations import RunSQL

from waxell.lib.db.append_only import MakeAppendOnly
from waxell.lib.db.sql import load


class Migration(migrations.Migration):
    """A payload may go when an entry says so, and only then."""

    dependencies = [("ledger", "0004_sealing_functions")]

    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("project_id", models.UUIDField()),
                ("stream", models.UUIDField()),
                ("seq", models.BigIntegerField()),
                ("name", models.TextField()),
                (
                    "entry_seq",
                    models.BigIntegerField(help_text="The entry of the project's governance stream that lists it."),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("project_id", "stream", "seq", "name"), name="ledger_erasure_once")
                ],
                "indexes": [models.Index(fields=["project_id", "entry_seq"], name="ledger_erasure_by_entry")],
            },
        ),
        MakeAppendOnly("Erasure"),
        RunSQL(
            load("waxell.ledger", "ledger_erase_v1"),
            """
            DROP FUNCTION ledger_erase_v1;
            DROP TRIGGER ledger_payload_append_only ON ledger_payload;
            CREATE TRIGGER ledger_payload_append_only BEFORE UPDATE OR DELETE ON ledger_payload
                FOR EACH ROW EXECUTE FUNCTION ledger_payload_append_only();
            ALTER TABLE ledger_payload ENABLE ALWAYS TRIGGER ledger_payload_append_only;
            DROP FUNCTION ledger_payload_guard_v1;
            DROP TRIGGER ledger_erasure_is_an_entry ON ledger_erasure;
            DROP FUNCTION ledger_erasure_guard_v1;
            """,
        ),
    ]
