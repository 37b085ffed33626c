"""Messages: one event on its way to one destination."""

from django.db import models
from django.db.models.functions import Now

from waxell.lib.ids import uuid7


class Message(models.Model):
    """An event for a destination, made once and sent until it arrives or is given up.

    `body` is the whole content, and the same in every attempt. `due_at` is when it may be tried
    next; whoever tries moves it on first, so that a sender that dies leaves a message that comes again.
    """

    class State(models.TextChoices):
        PENDING = "pending", "On its way"
        DELIVERED = "delivered", "Delivered"
        GIVEN_UP = "given_up", "Given up"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    destination = models.ForeignKey("outbox.Destination", models.CASCADE, related_name="messages")
    event_id = models.CharField(max_length=200)
    type = models.CharField(max_length=63)
    title = models.CharField(max_length=200)
    body = models.BinaryField()
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    tried_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status of the last answer.")
    problem = models.CharField(max_length=300, blank=True, help_text="Why the last attempt failed.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["destination", "event_id"], name="message_once")]
        indexes = [
            models.Index(
                fields=["destination", "due_at", "id"], condition=models.Q(state="pending"), name="message_due"
            ),
            models.Index(fields=["destination", "-id"], name="message_newest"),
            models.Index(fields=["created_at"], condition=~models.Q(state="pending"), name="message_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"

    @property
    def name(self) -> str:
        """The message's id as its receiver sees it: the same in every attempt."""
        return f"msg_{self.id.hex}"
