from django.db import migrations, models


class Migration(migrations.Migration):
    """Signs of life of processes without a port."""

    dependencies = [
        ("executions", "0003_own_votes_refused"),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("name", models.CharField(max_length=63, primary_key=True, serialize=False)),
                ("seen_at", models.DateTimeField()),
            ],
        ),
    ]
