"""Destinations of messages over REST, and what was sent to them."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.access import Permission
from governance.api.agents import NothingInput
from governance.api.described import changing, listing, reading
from governance.api.inputs import SLUG, Choice, Flag, Input, Text, Texts, read
from governance.api.outputs import Moment
from governance.api.views import GovernedView
from governance.services import destinations
from governance.services.destinations import Made
from governance.services.requests import Outcome
from waxell.lib.errors import NotFound
from waxell.outbox.models import Destination, Message
from waxell.outbox.queries import deliveries
from waxell.outbox.services import posting

TAG = "Destinations"
KINDS = Destination.Kind.values
STATES = Message.State.values


class DestinationInput(Input):
    slug = Text(validators=[SLUG], max_length=63)
    kind = Choice(choices=KINDS)
    address = Text(min_length=1, max_length=2000)
    events = Texts(child=Text(max_length=63), required=False)
    header = Text(
        max_length=4200, required=False, help_text="For a collector: `Name: value`, sent with each trace, shown never."
    )


class DestinationChangeInput(Input):
    address = Text(min_length=1, max_length=2000, required=False)
    events = Texts(child=Text(max_length=63), required=False)
    enabled = Flag(required=False)


class DestinationOutput(serializers.Serializer[Destination]):
    slug = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    address = serializers.CharField(source="shown_address", help_text="Without what is secret in it.")
    events = serializers.ListField(child=serializers.CharField(), help_text="Empty: every event.")
    enabled = serializers.BooleanField()
    failures = serializers.IntegerField(help_text="Attempts that failed since the last that did not.")
    created_at = Moment()


class NewDestinationOutput(DestinationOutput):
    secret = serializers.SerializerMethodField(
        help_text="What messages to a webhook are signed with, this once; null on a replay and for other kinds."
    )

    @extend_schema_field({"type": ["string", "null"]})
    def get_secret(self, destination: Destination) -> str | None:
        return self.context.get("secret")


class DeliveryOutput(serializers.Serializer[Message]):
    id = serializers.UUIDField()
    message = serializers.CharField(source="name", help_text="The id that its receiver sees, `webhook-id`.")
    type = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    attempts = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True, help_text="HTTP status of the last answer.")
    problem = serializers.CharField(help_text="Why the last attempt failed.")
    created_at = Moment()
    due_at = Moment(help_text="When it may be tried next, while it is on its way.")
    delivered_at = Moment(allow_null=True)


class DestinationView(GovernedView):
    """What the views of one destination share."""

    def find(self, slug: str, permission: Permission) -> Destination:
        self.require(permission)
        found = Destination.objects.filter(project_id=self.project.pk, slug=slug).first()
        if found is None:
            raise NotFound()
        return found


class DestinationCollection(DestinationView):
    @listing(DestinationOutput, TAG)
    def get(self, request: Request) -> Response:
        self.require(Permission.VIEW)
        return self.page(request, Destination.objects.filter(project_id=self.project.pk), DestinationOutput)

    @changing(DestinationInput, NewDestinationOutput, TAG, status=201)
    def post(self, request: Request) -> Response:
        wanted = read(request, DestinationInput)

        def effect() -> Outcome:
            self.require(Permission.OWN_PROJECT)
            made = destinations.create(project=self.project, actor=self.actor, **wanted)
            return _shown_once(made, status=201)

        return self.once(request, effect)


class DestinationItem(DestinationView):
    @reading(DestinationOutput, TAG)
    def get(self, request: Request, slug: str) -> Response:
        return Response(DestinationOutput(self.find(slug, Permission.VIEW)).data)

    @changing(DestinationChangeInput, DestinationOutput, TAG)
    def put(self, request: Request, slug: str) -> Response:
        wanted = read(request, DestinationChangeInput)

        def effect() -> Outcome:
            found = self.find(slug, Permission.OWN_PROJECT)
            changed = destinations.change(destination=found, actor=self.actor, **wanted)
            return Outcome(status=200, body=DestinationOutput(changed).data)

        return self.once(request, effect)


class DestinationRemoval(DestinationView):
    @changing(NothingInput, DestinationOutput, TAG)
    def post(self, request: Request, slug: str) -> Response:
        """Forget a destination, its address and what was sent to it."""
        read(request, NothingInput)

        def effect() -> Outcome:
            found = self.find(slug, Permission.OWN_PROJECT)
            told = dict(DestinationOutput(found).data)
            destinations.remove(destination=found, actor=self.actor)
            return Outcome(status=200, body=told)

        return self.once(request, effect)


class DestinationSecret(DestinationView):
    @changing(NothingInput, NewDestinationOutput, TAG)
    def post(self, request: Request, slug: str) -> Response:
        """Give a webhook a new secret. For 24 hours the old one signs beside it."""
        read(request, NothingInput)

        def effect() -> Outcome:
            found = self.find(slug, Permission.OWN_PROJECT)
            return _shown_once(destinations.renew_secret(destination=found, actor=self.actor), status=200)

        return self.once(request, effect)


class DestinationTest(DestinationView):
    @changing(NothingInput, DeliveryOutput, TAG, status=201)
    def post(self, request: Request, slug: str) -> Response:
        """Send a message that only says that it works."""
        read(request, NothingInput)

        def effect() -> Outcome:
            found = self.find(slug, Permission.OWN_PROJECT)
            return Outcome(status=201, body=_told(destinations.test(destination=found, project=self.project)))

        return self.once(request, effect)


class DeliveryCollection(DestinationView):
    @listing(DeliveryOutput, TAG)
    def get(self, request: Request, slug: str) -> Response:
        """What was sent or is on its way, the newest first."""
        found = deliveries.messages(self.find(slug, Permission.VIEW))
        return self.page(request, found, DeliveryOutput, key=("id",), descending=True)


class DeliveryView(DestinationView):
    """What the views of one message share."""

    def message(self, slug: str, message_id: UUID, permission: Permission) -> Message:
        found = deliveries.messages(self.find(slug, permission)).filter(pk=message_id).first()
        if found is None:
            raise NotFound()
        return found


class DeliveryItem(DeliveryView):
    @reading(DeliveryOutput, TAG)
    def get(self, request: Request, slug: str, message_id: UUID) -> Response:
        return Response(_told(self.message(slug, message_id, Permission.VIEW)))


class DeliveryRepetition(DeliveryView):
    @changing(NothingInput, DeliveryOutput, TAG)
    def post(self, request: Request, slug: str, message_id: UUID) -> Response:
        """Send a message again that was delivered or given up, under its old id."""
        read(request, NothingInput)

        def effect() -> Outcome:
            posting.send_again(self.message(slug, message_id, Permission.OWN_PROJECT))
            return Outcome(status=200, body=_told(self.message(slug, message_id, Permission.OWN_PROJECT)))

        return self.once(request, effect)


def _shown_once(made: Made, *, status: int) -> Outcome:
    return Outcome(
        status=status,
        body=NewDestinationOutput(made.destination, context={"secret": made.secret}).data,
        stored=NewDestinationOutput(made.destination).data,
    )


def _told(message: Message) -> dict[str, Any]:
    return dict(DeliveryOutput(message).data)
