import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    """Failed attempts make the next one wait, whichever process answers."""

    dependencies = [
        ("governance", "0003_budget_and_publication_functions"),
    ]

    operations = [
        migrations.CreateModel(
            name="SignInAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.CharField(max_length=254)),
                ("address", models.CharField(max_length=45)),
                ("attempted_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "indexes": [
                    models.Index(fields=["email", "address"], name="signinattempt_by_place"),
                    models.Index(fields=["attempted_at"], name="signinattempt_by_time"),
                ],
            },
        ),
    ]
