from django.db import migrations, models
from django.db.migrations.operations import RunSQL

from waxell.lib.db.append_only import guard_statements, row_guard, truncate_guard
from waxell.lib.db.sql import load

COSIGNATURES = "ledger_cosignature"


class Migration(migrations.Migration):
    """Keep what witnesses say of checkpoints, and let a recovered log pass over numbers that were published."""

    dependencies = [("ledger", "0006_leaner_append")]

    operations = [
        migrations.CreateModel(
            name="Cosignature",
            fields=[
                ("line", models.TextField(primary_key=True, serialize=False)),
                ("log", models.IntegerField()),
                ("size", models.BigIntegerField()),
                ("vkey", models.TextField()),
                ("name", models.TextField()),
                ("cosigned_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "ledger_cosignature", "managed": False},
        ),
        migrations.CreateModel(
            name="Witness",
            fields=[
                ("vkey", models.TextField(primary_key=True, serialize=False)),
                ("log", models.IntegerField()),
                ("name", models.TextField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("cosigning", "Cosigning"),
                            ("unreachable", "Unreachable"),
                            ("refusing", "Refusing"),
                            ("alarm", "Alarm"),
                            ("retired", "Retired"),
                        ]
                    ),
                ),
                ("detail", models.TextField()),
                ("changed_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
            ],
            options={"db_table": "ledger_witness", "managed": False},
        ),
        RunSQL(
            load("waxell.ledger", "ledger_witness_v1"),
            [
                "DROP FUNCTION ledger_log_open_v2, ledger_witness_report_v1, ledger_cosignatures_published_v1,"
                " ledger_cosign_v1",
                "ALTER TABLE ledger_log DROP COLUMN vkey",
                "DROP TABLE ledger_witness, ledger_cosignature",
            ],
        ),
        RunSQL(
            guard_statements(COSIGNATURES, ("published_at",)),
            [
                f"DROP TRIGGER {truncate_guard(COSIGNATURES)} ON {COSIGNATURES}",
                f"DROP TRIGGER {row_guard(COSIGNATURES)} ON {COSIGNATURES}",
                f"DROP FUNCTION {row_guard(COSIGNATURES)}()",
            ],
        ),
    ]
