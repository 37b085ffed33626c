from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_append_functions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("root", models.BinaryField(primary_key=True, serialize=False)),
                ("log", models.IntegerField()),
                ("size", models.BigIntegerField()),
                ("note", models.TextField()),
                ("key_id", models.BinaryField()),
                ("signed_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "ledger_checkpoint",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="FullTile",
            fields=[
                ("root", models.BinaryField(primary_key=True, serialize=False)),
                ("log", models.IntegerField()),
                ("level", models.SmallIntegerField()),
                ("index", models.BigIntegerField()),
                ("hashes", models.BinaryField()),
            ],
            options={
                "db_table": "ledger_tile",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("digest", models.BinaryField(primary_key=True, serialize=False)),
                ("log", models.IntegerField()),
                ("index", models.BigIntegerField()),
                ("project_id", models.UUIDField()),
                ("stream", models.UUIDField()),
                ("seq", models.BigIntegerField()),
            ],
            options={
                "db_table": "ledger_leaf",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Log",
            fields=[
                ("number", models.IntegerField(primary_key=True, serialize=False)),
                ("id", models.UUIDField(unique=True)),
                ("origin", models.TextField(unique=True)),
                ("opened_at", models.DateTimeField()),
                ("previous_size", models.BigIntegerField(null=True)),
                ("previous_root", models.BinaryField(null=True)),
            ],
            options={
                "db_table": "ledger_log",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="LogKey",
            fields=[
                ("vkey", models.TextField(primary_key=True, serialize=False)),
                ("log", models.IntegerField()),
                ("seq", models.BigIntegerField()),
                ("announced_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ledger_key",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Sealer",
            fields=[
                ("singleton", models.BooleanField(default=True, primary_key=True, serialize=False)),
                ("state", models.TextField(choices=[("sealing", "Sealing"), ("stopped", "Stopped")])),
                ("reason", models.TextField()),
                ("detail", models.TextField()),
                ("changed_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ledger_sealer",
                "managed": False,
            },
        ),
        migrations.AlterField(
            model_name="stream",
            name="kind",
            field=models.CharField(
                choices=[("governance", "Governance"), ("addenda", "Addenda"), ("log", "Log")], max_length=16
            ),
        ),
    ]
