from django.db import migrations

from waxell.lib.db.append_only import MakeAppendOnly


class Migration(migrations.Migration):
    """Versions, states and votes are evidence: the database refuses to change them."""

    dependencies = [("governance", "0001_initial")]

    operations = [
        MakeAppendOnly("PolicyVersion"),
        MakeAppendOnly("BudgetVersion"),
        MakeAppendOnly("GovernanceState"),
        MakeAppendOnly("StateBudget"),
        MakeAppendOnly("ApprovalVote"),
    ]
