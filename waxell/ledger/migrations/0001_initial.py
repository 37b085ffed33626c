import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("digest", models.BinaryField(primary_key=True, serialize=False)),
                ("project_id", models.UUIDField()),
                ("stream", models.UUIDField()),
                ("seq", models.BigIntegerField()),
                ("body", models.BinaryField()),
                ("type", models.TextField()),
                ("verdict", models.TextField(null=True)),
                ("state", models.BinaryField(null=True)),
                ("about", models.BigIntegerField(null=True)),
                ("cites", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True)),
                ("decided_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "entries",
                "db_table": "ledger_entry",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Payload",
            fields=[
                ("salt", models.BinaryField(primary_key=True, serialize=False)),
                ("project_id", models.UUIDField()),
                ("stream", models.UUIDField()),
                ("seq", models.BigIntegerField()),
                ("name", models.TextField()),
                ("content", models.BinaryField()),
            ],
            options={
                "db_table": "ledger_payload",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="SealQueueItem",
            fields=[
                ("digest", models.BinaryField(primary_key=True, serialize=False)),
                ("project_id", models.UUIDField()),
                ("stream", models.UUIDField()),
                ("seq", models.BigIntegerField()),
            ],
            options={
                "db_table": "ledger_seal_queue",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Stream",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("project_id", models.UUIDField()),
                (
                    "kind",
                    models.CharField(choices=[("governance", "Governance"), ("addenda", "Addenda")], max_length=16),
                ),
                ("subject", models.UUIDField(help_text="The execution addenda speak of.", null=True, unique=True)),
                ("seq", models.BigIntegerField(default=0)),
                ("head", models.BinaryField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("head__isnull", True), ("seq", 0)),
                            models.Q(("head__isnull", False), ("seq__gte", 1)),
                            _connector="OR",
                        ),
                        name="stream_head_follows_seq",
                    )
                ],
            },
        ),
    ]
