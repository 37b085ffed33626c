import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("governance", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Execution",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("agent_slug", models.CharField(max_length=63)),
                ("workflow_slug", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting for a worker"),
                            ("running", "Running"),
                            ("suspended", "Waiting for a person"),
                            ("completed", "Completed"),
                            ("failed", "Failed"),
                            ("denied", "Refused"),
                            ("halted", "Stopped"),
                            ("cancelled", "Cancelled"),
                            ("interrupted", "Interrupted"),
                        ],
                        max_length=16,
                    ),
                ),
                ("vouched", models.CharField(help_text="enforced, asked or observed", max_length=16)),
                ("seq", models.BigIntegerField()),
                ("head", models.BinaryField()),
                ("fence", models.BigIntegerField()),
                ("lease_seconds", models.PositiveIntegerField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("deadline_at", models.DateTimeField(null=True)),
                ("governance_digest", models.BinaryField(help_text="State of the latest entry.")),
                ("states_seen", models.JSONField(help_text="Every governance state with its first entry.")),
                ("environment", models.CharField(blank=True, max_length=63)),
                ("labels", models.JSONField(default=dict)),
                ("end_user", models.UUIDField(help_text="Random pseudonym.", null=True)),
                ("parent_id", models.UUIDField(null=True)),
                ("root_id", models.UUIDField(db_index=True)),
                ("depth", models.PositiveSmallIntegerField(default=0)),
                ("retry_of", models.UUIDField(null=True)),
                ("attempt", models.PositiveSmallIntegerField(default=1)),
                ("actions", models.BigIntegerField(default=0)),
                ("model_calls", models.BigIntegerField(default=0)),
                ("tool_calls", models.BigIntegerField(default=0)),
                ("unresolved", models.BigIntegerField(default=0, help_text="Allowed actions without a result.")),
                ("refusals", models.BigIntegerField(default=0)),
                ("spent_micros", models.BigIntegerField(default=0)),
                ("tokens", models.BigIntegerField(default=0)),
                (
                    "last_call",
                    models.BinaryField(
                        help_text="Digest of the latest action's kind, resource and arguments.", null=True
                    ),
                ),
                (
                    "repeats",
                    models.BigIntegerField(default=0, help_text="How often in a row the latest action came before."),
                ),
                ("cause", models.JSONField(help_text="The reason that bound at the end or refusal.", null=True)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.agent",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.apikey",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.project",
                    ),
                ),
                (
                    "workflow",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.workflow",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["project", "-id"], name="execution_newest"),
                    models.Index(fields=["project", "state", "-id"], name="execution_by_state"),
                    models.Index(fields=["project", "agent", "-id"], name="execution_by_agent"),
                    models.Index(fields=["project", "workflow", "-id"], name="execution_by_workflow"),
                    models.Index(
                        condition=models.Q(("state__in", ("pending", "running", "suspended"))),
                        fields=["id"],
                        name="execution_live",
                    ),
                    models.Index(
                        condition=models.Q(("parent_id__isnull", False)),
                        fields=["parent_id"],
                        name="execution_children",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retry_of__isnull", False)),
                        fields=("retry_of", "attempt"),
                        name="execution_retried_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("pending", "running", "suspended")), ("ended_at__isnull", True)),
                            models.Q(
                                models.Q(("state__in", ("pending", "running", "suspended")), _negated=True),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="execution_ends_with_its_state",
                    ),
                ],
            },
        ),
    ]
