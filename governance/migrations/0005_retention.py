from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.state import StateApps

import waxell.lib.ids
from waxell.lib.db.sql import functions


def grant_to_owners(apps: StateApps, schema_editor: Any) -> None:
    """Owners have every right in their project; those who are owners already get the new one too."""
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="governance", model="project"
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        codename="erase_payloads",
        content_type=content_type,
        defaults={"name": "Can erase contents, and hold them against erasure"},
    )
    granted = apps.get_model("governance", "ProjectUserPermission")
    granted.objects.bulk_create(
        [
            granted(content_object_id=owner.project_id, user_id=owner.person_id, permission=permission)
            for owner in apps.get_model("governance", "Membership").objects.filter(role="owner")
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    """Contents are erased by right, kept under a legal hold, and forgotten in time where a project says so."""

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("governance", "0004_sign_in_attempts"),
        ("ledger", "0002_append_functions"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="project",
            options={
                "permissions": [
                    ("operate_executions", "Can start, cancel and kill executions"),
                    ("author_policies", "Can write and publish policies"),
                    ("manage_budgets", "Can create and change budgets"),
                    ("decide_approvals", "Can decide approvals"),
                    ("audit_ledger", "Can read records, proofs and rights"),
                    ("manage_agents", "Can manage agents, keys, workflows, tools and models"),
                    ("view_payloads", "Can see payload contents"),
                    ("erase_payloads", "Can erase contents, and hold them against erasure"),
                    ("own_project", "Can manage people and rights"),
                ]
            },
        ),
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                (
                    "id",
                    models.UUIDField(default=waxell.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "scope_type",
                    models.CharField(
                        choices=[("project", "Project"), ("execution", "Execution"), ("end_user", "End User")],
                        max_length=16,
                    ),
                ),
                (
                    "scope_value",
                    models.UUIDField(help_text="The project, the execution, or the end user's pseudonym."),
                ),
                ("entry_seq", models.BigIntegerField()),
                ("placed_at", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(null=True)),
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="legal_holds",
                        to="governance.project",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("lifted_at__isnull", True)),
                        fields=["project", "scope_value"],
                        name="legalhold_in_force",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at__isnull", True), ("lifted_by__isnull", True)),
                            models.Q(("lifted_at__isnull", False), ("lifted_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="legalhold_lifted_by_somebody",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RetentionRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "payload",
                    models.CharField(blank=True, help_text="Name of the payloads meant; empty: all.", max_length=32),
                ),
                ("days", models.PositiveIntegerField()),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="retention_rules",
                        to="governance.project",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("project", "payload"), name="retentionrule_once"),
                    models.CheckConstraint(
                        condition=models.Q(("days__gte", 1)), name="retentionrule_is_a_day_at_least"
                    ),
                ],
            },
        ),
        migrations.RunPython(grant_to_owners, migrations.RunPython.noop, elidable=True),
        functions("governance", "legal_hold_record_v1"),
    ]
