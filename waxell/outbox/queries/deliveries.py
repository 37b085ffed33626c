"""Destinations and what was sent to them, for those who look."""

from uuid import UUID

from django.db.models import FETCH_RAISE, Count, Q, QuerySet

from waxell.outbox.models import Destination, Message


def destinations(project_id: UUID) -> QuerySet[Destination]:
    """Return a project's destinations by name, each with `waiting` and `lost`: messages on their way and given up."""
    waiting = Count("messages", filter=Q(messages__state=Message.State.PENDING))
    lost = Count("messages", filter=Q(messages__state=Message.State.GIVEN_UP))
    found = Destination.objects.filter(project_id=project_id).annotate(waiting=waiting, lost=lost)
    return found.order_by("slug").fetch_mode(FETCH_RAISE)


def messages(destination: Destination) -> QuerySet[Message]:
    """Return what was sent to a destination or is on its way, the newest first, without the contents."""
    found = Message.objects.filter(destination=destination).select_related("destination").defer("body")
    return found.order_by("-id").fetch_mode(FETCH_RAISE)
