"""Test cases of policies."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from governance.domain.cases import Wanted


class PolicyCase(models.Model):
    """One revision of an example kept with a policy; the newest of a name counts.

    ``given`` is what `governance.domain.cases` reads. A case that was recorded names the entry it comes
    from: its arguments stay there, where they can be erased, and are not copied.
    """

    policy = models.ForeignKey("governance.Policy", models.PROTECT, related_name="cases")
    name = models.CharField(max_length=120)
    revision = models.PositiveIntegerField()
    given = models.JSONField()
    wanted = models.CharField(max_length=8, choices=[(wanted.value, wanted.value) for wanted in Wanted])
    stream = models.UUIDField(null=True)
    seq = models.BigIntegerField(null=True)
    removed = models.BooleanField(default=False)
    author = models.ForeignKey("governance.Person", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "name", "revision"], name="policycase_revision_unique"),
            models.CheckConstraint(
                condition=Q(stream__isnull=True, seq__isnull=True) | Q(stream__isnull=False, seq__isnull=False),
                name="policycase_names_an_entry",
            ),
        ]

    def __str__(self) -> str:
        return self.name
