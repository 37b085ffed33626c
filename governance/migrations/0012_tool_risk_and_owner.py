from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """How much harm a tool can do, and who answers for it. The release before may go on registering tools."""

    dependencies = [("governance", "0011_approval_steps")]

    operations = [
        migrations.AddField(
            model_name="tool",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=models.PROTECT,
                related_name="tools",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="tool",
            name="risk",
            field=models.CharField(
                blank=True,
                choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")],
                db_default="",
                default="",
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="tool",
            constraint=models.CheckConstraint(
                condition=models.Q(("risk__in", ["", "low", "medium", "high"])), name="tool_risk_known"
            ),
        ),
    ]
