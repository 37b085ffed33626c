import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import waxell.lib.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Agent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=waxell.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.SlugField(max_length=63)),
                ("name", models.CharField(max_length=120)),
                (
                    "discovered",
                    models.BooleanField(default=False, help_text="First seen in a request; nobody has adopted it yet."),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.UUIDField(default=waxell.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.SlugField(max_length=63)),
                ("name", models.CharField(max_length=120)),
                ("unit", models.CharField(max_length=32)),
                ("scope_type", models.CharField(max_length=16)),
                ("scope_value", models.CharField(blank=True, max_length=200)),
                ("period", models.CharField(max_length=16)),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "permissions": [("revise_budget", "Can change the limit of this budget")],
            },
        ),
        migrations.CreateModel(
            name="Project",
            fields=[
                (
                    "id",
                    models.UUIDField(default=waxell.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.SlugField(max_length=63, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                (
                    "baseline",
                    models.CharField(
                        choices=[
                            ("watch", "Watch: permit everything, record it"),
                            ("allow-list", "Allow-list: permit only adopted names"),
                        ],
                        default="watch",
                        max_length=16,
                    ),
                ),
                (
                    "max_concurrent_executions",
                    models.PositiveIntegerField(
                        default=100, help_text="Worker executions that may run at once in this project."
                    ),
                ),
                (
                    "max_pending_executions",
                    models.PositiveIntegerField(
                        default=1000, help_text="Queue depth past which admission answers 503."
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "permissions": [
                    ("operate_executions", "Can start, cancel and kill executions"),
                    ("author_policies", "Can write and publish policies"),
                    ("manage_budgets", "Can create and change budgets"),
                    ("decide_approvals", "Can decide approvals"),
                    ("audit_ledger", "Can read records, proofs and rights"),
                    ("manage_agents", "Can manage agents, keys, workflows, tools and models"),
                    ("view_payloads", "Can see payload contents"),
                    ("own_project", "Can manage people and rights"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "id",
                    models.UUIDField(default=waxell.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail address")),
                ("name", models.CharField(blank=True, max_length=120, verbose_name="name")),
                ("is_staff", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "people",
            },
        ),
        migrations.CreateModel(
            name="AgentUserPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "content_object",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="governance.agent"),
                ),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                (
                    "id",
                    models.UUIDField(default=waxell.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("execution_id", models.UUIDField(db_index=True)),
                ("action_seq", models.BigIntegerField()),
                ("workflow_slug", models.CharField(max_length=200)),
                ("kind", models.CharField(max_length=32)),
                ("resource", models.CharField(max_length=200)),
                ("args_digest", models.BinaryField()),
                ("holds", models.JSONField()),
                ("approvers", models.CharField(blank=True, max_length=63)),
                ("quorum", models.PositiveSmallIntegerField(default=1)),
                ("halt_on_refusal", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting for a person"),
                            ("granted", "Granted"),
                            ("refused", "Refused"),
                            ("expired", "Expired"),
                            ("lapsed", "Lapsed"),
                            ("used", "Granted and used"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("used_by_execution", models.UUIDField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.agent"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="approvals", to="governance.project"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ApprovalVote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("decision", models.CharField(choices=[("grant", "Grant"), ("refuse", "Refuse")], max_length=8)),
                ("comment", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "approval",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="votes", to="governance.approval"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="votes", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BudgetUserPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "content_object",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="governance.budget"),
                ),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="BudgetVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("limit", models.BigIntegerField()),
                (
                    "on_exceed",
                    models.CharField(
                        choices=[
                            ("halt", "Stop the execution"),
                            ("deny", "Refuse the action"),
                            ("hold", "Ask a person"),
                        ],
                        default="halt",
                        max_length=8,
                    ),
                ),
                ("default_reservation", models.BigIntegerField(null=True)),
                ("approvers", models.CharField(blank=True, max_length=63)),
                ("digest", models.BinaryField()),
                ("note", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "budget",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="governance.budget"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Policy",
            fields=[
                (
                    "id",
                    models.UUIDField(default=waxell.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.SlugField(max_length=63)),
                ("name", models.CharField(max_length=120)),
                ("description", models.TextField(blank=True)),
                (
                    "mode",
                    models.CharField(
                        choices=[("enforced", "Enforced"), ("shadow", "On trial")], default="enforced", max_length=16
                    ),
                ),
                ("draft_text", models.TextField(blank=True)),
                (
                    "draft_revision",
                    models.PositiveIntegerField(
                        default=1, help_text="Moves with every save, so two editors notice each other."
                    ),
                ),
                ("draft_saved_at", models.DateTimeField(auto_now=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "draft_saved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="policies", to="governance.project"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "policies",
                "permissions": [("publish_policy", "Can publish and retire this policy")],
            },
        ),
        migrations.CreateModel(
            name="PolicyUserPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "content_object",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="governance.policy"),
                ),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("text", models.TextField()),
                ("mode", models.CharField(choices=[("enforced", "Enforced"), ("shadow", "On trial")], max_length=16)),
                ("digest", models.BinaryField()),
                ("note", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="governance.policy"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProjectHead",
            fields=[
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="head",
                        serialize=False,
                        to="governance.project",
                    ),
                ),
                ("number", models.BigIntegerField(default=0)),
                ("digest", models.BinaryField(null=True)),
                ("epoch", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Model",
            fields=[
                (
                    "id",
                    models.UUIDField(default=waxell.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.CharField(max_length=200)),
                ("discovered", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("provider", models.CharField(blank=True, max_length=63)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="governance.project"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("viewer", "Viewer"),
                            ("operator", "Operator"),
                            ("author", "Author"),
                            ("budget_owner", "Budget owner"),
                            ("approver", "Approver"),
                            ("auditor", "Auditor"),
                            ("owner", "Owner"),
                        ],
                        max_length=16,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="memberships", to="governance.project"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="KillOrder",
            fields=[
                (
                    "id",
                    models.UUIDField(default=waxell.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "scope_type",
                    models.CharField(
                        choices=[
                            ("all", "All"),
                            ("project", "Project"),
                            ("team", "Team"),
                            ("agent", "Agent"),
                            ("workflow", "Workflow"),
                            ("tool", "Tool"),
                            ("model", "Model"),
                            ("end_user", "End User"),
                            ("execution", "Execution"),
                        ],
                        max_length=16,
                    ),
                ),
                ("scope_value", models.CharField(blank=True, max_length=200)),
                ("reason", models.TextField()),
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="kill_orders", to="governance.project"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GovernanceState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField()),
                ("digest", models.BinaryField()),
                ("manifest", models.BinaryField()),
                ("entry_seq", models.BigIntegerField()),
                ("created_at", models.DateTimeField()),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="states", to="governance.project"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EndUser",
            fields=[
                (
                    "id",
                    models.UUIDField(default=waxell.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=255)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="end_users", to="governance.project"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="budget",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="budgets", to="governance.project"
            ),
        ),
        migrations.CreateModel(
            name="ApproverGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=63)),
                ("name", models.CharField(max_length=120)),
                (
                    "people",
                    models.ManyToManyField(blank=True, related_name="approver_groups", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approver_groups",
                        to="governance.project",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.CharField(editable=False, max_length=24, primary_key=True, serialize=False)),
                ("service", models.CharField(blank=True, max_length=120)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("execute", "Execute"), ("read", "Read"), ("govern", "Govern")], max_length=16
                        )
                    ),
                ),
                ("secret_digest", models.BinaryField()),
                ("requests_per_minute", models.PositiveIntegerField(default=60000)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
                (
                    "accountable",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="keys", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "agent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keys",
                        to="governance.agent",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="keys", to="governance.project"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="agent",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="agents", to="governance.project"
            ),
        ),
        migrations.CreateModel(
            name="ProjectGroupPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "content_object",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="governance.project"),
                ),
                ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProjectUserPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "content_object",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="governance.project"),
                ),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="StateBudget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.CharField(max_length=63)),
                ("version", models.PositiveIntegerField()),
                ("unit", models.CharField(max_length=32)),
                ("scope_rank", models.SmallIntegerField()),
                ("scope_type", models.CharField(max_length=16)),
                ("scope_value", models.CharField(blank=True, max_length=200)),
                ("period", models.CharField(max_length=16)),
                ("time_zone", models.CharField(max_length=64)),
                ("limit", models.BigIntegerField()),
                (
                    "budget",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.budget"
                    ),
                ),
                (
                    "state",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="budgets",
                        to="governance.governancestate",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StoredAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("caller", models.CharField(max_length=64)),
                ("path", models.CharField(max_length=400)),
                ("key", models.CharField(max_length=255)),
                ("body_digest", models.BinaryField()),
                ("status", models.PositiveSmallIntegerField(default=0)),
                ("body", models.BinaryField(default=b"")),
                ("execution_id", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("caller", "path", "key"), name="storedanswer_once")],
            },
        ),
        migrations.CreateModel(
            name="Team",
            fields=[
                (
                    "id",
                    models.UUIDField(default=waxell.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.SlugField(max_length=63)),
                ("name", models.CharField(max_length=120)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="teams", to="governance.project"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="agent",
            name="teams",
            field=models.ManyToManyField(blank=True, related_name="agents", to="governance.team"),
        ),
        migrations.CreateModel(
            name="ThrottledMinute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("minute", models.DateTimeField()),
                ("refused", models.PositiveBigIntegerField()),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.apikey"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Tool",
            fields=[
                (
                    "id",
                    models.UUIDField(default=waxell.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.CharField(max_length=200)),
                ("discovered", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("description", models.TextField(blank=True)),
                (
                    "groups",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=63), blank=True, default=list
                    ),
                ),
                ("schema", models.JSONField(blank=True, null=True)),
                (
                    "cost_micros",
                    models.BigIntegerField(
                        blank=True, help_text="Declared cost of one call in micro-dollars.", null=True
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="governance.project"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Window",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("member", models.CharField(blank=True, max_length=200)),
                ("start_at", models.DateTimeField()),
                ("end_at", models.DateTimeField(null=True)),
                ("limit_now", models.BigIntegerField()),
                ("extra", models.BigIntegerField(default=0)),
                ("reserved", models.BigIntegerField(default=0)),
                ("spent", models.BigIntegerField(default=0)),
                ("overrun", models.BigIntegerField(default=0)),
                ("presumed", models.BigIntegerField(default=0)),
                (
                    "budget",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="windows",
                        to="governance.budget",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.project",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reservation",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("execution_id", models.UUIDField()),
                ("action_seq", models.BigIntegerField()),
                ("budget_version", models.PositiveIntegerField()),
                ("unit", models.CharField(max_length=32)),
                ("amount", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("settled", "Settled"),
                            ("presumed", "Presumed"),
                            ("released", "Released"),
                        ],
                        default="open",
                        max_length=16,
                    ),
                ),
                ("actual", models.BigIntegerField(null=True)),
                ("reserved_after", models.BigIntegerField()),
                ("spent_after", models.BigIntegerField()),
                ("opened_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
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
                    "window",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reservations",
                        to="governance.window",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Workflow",
            fields=[
                (
                    "id",
                    models.UUIDField(default=waxell.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.CharField(max_length=200)),
                ("discovered", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("external", "External"), ("worker", "Worker")], default="external", max_length=16
                    ),
                ),
                ("description", models.TextField(blank=True)),
                ("max_attempts", models.PositiveSmallIntegerField(default=1)),
                ("max_concurrent", models.PositiveIntegerField(default=10)),
                ("schedule", models.CharField(blank=True, help_text="Five cron fields, or empty.", max_length=120)),
                ("last_scheduled_at", models.DateTimeField(null=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="governance.project"
                    ),
                ),
                (
                    "schedule_agent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scheduled",
                        to="governance.agent",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"), name="person_email_unique"
            ),
        ),
        migrations.AlterUniqueTogether(
            name="agentuserpermission",
            unique_together={("user", "permission", "content_object")},
        ),
        migrations.AddConstraint(
            model_name="approvalvote",
            constraint=models.UniqueConstraint(fields=("approval", "person"), name="approvalvote_once"),
        ),
        migrations.AlterUniqueTogether(
            name="budgetuserpermission",
            unique_together={("user", "permission", "content_object")},
        ),
        migrations.AddConstraint(
            model_name="budgetversion",
            constraint=models.UniqueConstraint(fields=("budget", "number"), name="budgetversion_number_unique"),
        ),
        migrations.AddConstraint(
            model_name="budgetversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("limit__gte", 0)), name="budgetversion_limit_not_negative"
            ),
        ),
        migrations.AlterUniqueTogether(
            name="policyuserpermission",
            unique_together={("user", "permission", "content_object")},
        ),
        migrations.AddConstraint(
            model_name="policyversion",
            constraint=models.UniqueConstraint(fields=("policy", "number"), name="policyversion_number_unique"),
        ),
        migrations.AddConstraint(
            model_name="projecthead",
            constraint=models.CheckConstraint(
                condition=models.Q(("epoch__gte", 0), ("number__gte", 0)), name="projecthead_counts_up"
            ),
        ),
        migrations.AddConstraint(
            model_name="policy",
            constraint=models.UniqueConstraint(fields=("project", "slug"), name="policy_slug_unique"),
        ),
        migrations.AddConstraint(
            model_name="model",
            constraint=models.UniqueConstraint(fields=("project", "slug"), name="model_slug_unique"),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(fields=("project", "person", "role"), name="membership_once"),
        ),
        migrations.AddConstraint(
            model_name="killorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lifted_at__isnull", True), ("lifted_by__isnull", True)),
                    models.Q(("lifted_at__isnull", False), ("lifted_by__isnull", False)),
                    _connector="OR",
                ),
                name="killorder_lifted_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="governancestate",
            index=models.Index(fields=["project", "digest"], name="state_by_digest"),
        ),
        migrations.AddConstraint(
            model_name="governancestate",
            constraint=models.UniqueConstraint(fields=("project", "number"), name="state_number_unique"),
        ),
        migrations.AddConstraint(
            model_name="enduser",
            constraint=models.UniqueConstraint(fields=("project", "name"), name="enduser_name_unique"),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(fields=("project", "slug"), name="budget_slug_unique"),
        ),
        migrations.AddConstraint(
            model_name="approvergroup",
            constraint=models.UniqueConstraint(fields=("project", "slug"), name="approvergroup_slug_unique"),
        ),
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(
                condition=models.Q(("state", "pending")), fields=["project", "expires_at"], name="approval_pending"
            ),
        ),
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(
                condition=models.Q(("state", "granted")), fields=["agent", "args_digest"], name="approval_granted"
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(("agent__isnull", False), ("scopes__contains", ["govern"]), _negated=True),
                name="apikey_agent_never_governs",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(("scopes__contained_by", ["execute", "read", "govern"])), name="apikey_scopes_known"
            ),
        ),
        migrations.AlterUniqueTogether(
            name="projectgrouppermission",
            unique_together={("group", "permission", "content_object")},
        ),
        migrations.AlterUniqueTogether(
            name="projectuserpermission",
            unique_together={("user", "permission", "content_object")},
        ),
        migrations.AddConstraint(
            model_name="statebudget",
            constraint=models.UniqueConstraint(fields=("state", "budget"), name="statebudget_once"),
        ),
        migrations.AddConstraint(
            model_name="team",
            constraint=models.UniqueConstraint(fields=("project", "slug"), name="team_slug_unique"),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.UniqueConstraint(fields=("project", "slug"), name="agent_slug_unique"),
        ),
        migrations.AddConstraint(
            model_name="throttledminute",
            constraint=models.UniqueConstraint(fields=("key", "minute"), name="throttledminute_once"),
        ),
        migrations.AddConstraint(
            model_name="tool",
            constraint=models.UniqueConstraint(fields=("project", "slug"), name="tool_slug_unique"),
        ),
        migrations.AddConstraint(
            model_name="window",
            constraint=models.UniqueConstraint(fields=("budget", "member", "start_at"), name="window_once_per_period"),
        ),
        migrations.AddConstraint(
            model_name="window",
            constraint=models.CheckConstraint(
                condition=models.Q(("overrun__gte", 0), ("presumed__gte", 0), ("reserved__gte", 0), ("spent__gte", 0)),
                name="window_counts_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.UniqueConstraint(
                fields=("execution_id", "action_seq", "window"), name="reservation_once_per_action"
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="reservation_not_negative"),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("state", "open")),
                    models.Q(
                        models.Q(("state", "open"), _negated=True),
                        ("actual__isnull", False),
                        ("ended_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="reservation_ends_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="workflow",
            constraint=models.UniqueConstraint(fields=("project", "slug"), name="workflow_slug_unique"),
        ),
        migrations.AddConstraint(
            model_name="workflow",
            constraint=models.CheckConstraint(
                condition=models.Q(("max_attempts__gte", 1)), name="workflow_attempts_min"
            ),
        ),
    ]
