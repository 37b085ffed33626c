import django.db.models.deletion
from django.db import migrations, models

from waxell.lib.db.append_only import MakeAppendOnly


class Migration(migrations.Migration):
    """What time does to a waiting approval is kept, each step once."""

    dependencies = [
        ("governance", "0010_second_person"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("reminded", "Reminded"), ("escalated", "Escalated")], max_length=16),
                ),
                ("group", models.CharField(blank=True, max_length=63)),
                ("taken_at", models.DateTimeField()),
                (
                    "approval",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="governance.approval"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("approval", "kind", "group"), name="approvalstep_once")
                ],
            },
        ),
        MakeAppendOnly("ApprovalStep"),
    ]
