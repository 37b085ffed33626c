"""Publications that wait for their time."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class PolicySchedule(models.Model):
    """A draft that shall come in force at a time, in the name of whoever said so.

    Text, mode and the version in force are those of then: the sweeper publishes exactly this, or says why not.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        PUBLISHED = "published"
        REFUSED = "refused"
        CANCELLED = "cancelled"

    policy = models.ForeignKey("governance.Policy", models.PROTECT, related_name="schedules")
    due_at = models.DateTimeField()
    digest = models.CharField(max_length=71, help_text="Of the draft's text.")
    mode = models.CharField(max_length=16)
    expected_version = models.PositiveIntegerField(help_text="In force when it was scheduled, 0 for none.")
    note = models.TextField(blank=True)
    override = models.TextField(blank=True, help_text="Why, although test cases fail.")
    person = models.ForeignKey("governance.Person", models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    why = models.TextField(blank=True, help_text="Why it was refused, as a person reads it.")
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy"], condition=Q(state="waiting"), name="policyschedule_one_waits"),
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at__isnull=True) | (~Q(state="waiting") & Q(ended_at__isnull=False)),
                name="policyschedule_ends",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="waiting"), name="policyschedule_due")]

    def __str__(self) -> str:
        return f"{self.policy} at {self.due_at:%Y-%m-%d %H:%M}"
