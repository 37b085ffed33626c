"""Workflows, tools and models over REST."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.access import Permission
from governance.api.described import changing, listing, reading
from governance.api.inputs import NAME, SLUG, Choice, Document, Input, Text, Texts, read
from governance.api.outputs import Moment
from governance.api.views import GovernedView
from governance.models import Model, Tool, Workflow
from governance.services import catalogue
from governance.services.requests import Outcome
from waxell.lib.errors import NotFound

TAG = "Workflows, tools and models"
KINDS = Workflow.Kind.values


class WorkflowInput(Input):
    slug = Text(validators=[NAME], max_length=200)
    kind = Choice(choices=KINDS, default=Workflow.Kind.EXTERNAL)


class ToolTermsInput(Input):
    groups = Texts(child=Text(validators=[SLUG], max_length=63), required=False)
    schema = Document(required=False, allow_null=True)
    risk = Choice(choices=["", *Tool.Risk.values], required=False, help_text="How much harm a call can do.")
    owner = Text(max_length=254, required=False, allow_null=True, help_text="Who answers for it, by e-mail address.")


class ToolInput(ToolTermsInput):
    slug = Text(validators=[NAME], max_length=200)


class ModelInput(Input):
    slug = Text(validators=[NAME], max_length=200)
    provider = Text(validators=[SLUG], max_length=63, required=False)


class NameOutput(serializers.Serializer[Any]):
    slug = serializers.CharField()
    discovered = serializers.BooleanField(help_text="First seen in an action; nobody has adopted it yet.")
    created_at = Moment()


class WorkflowOutput(NameOutput):
    kind = serializers.ChoiceField(choices=KINDS)
    schedule = serializers.CharField()


class ToolOutput(NameOutput):
    groups = serializers.ListField(child=serializers.CharField())
    schema = Document(allow_null=True)
    risk = serializers.CharField()
    owner = serializers.EmailField(source="owner.email", allow_null=True, default=None)


class ModelOutput(NameOutput):
    provider = serializers.CharField()


class NamesView(GovernedView):
    """What the views of names share; `model` says which."""

    model: type[Workflow | Tool | Model]

    def seen(self) -> QuerySet[Any]:
        return self.model.objects.filter(project=self.project.pk)

    def find(self, slug: str) -> Any:
        found = self.seen().filter(slug=slug).first()
        if found is None:
            raise NotFound()
        return found


class WorkflowCollection(NamesView):
    model = Workflow

    @listing(WorkflowOutput, TAG)
    def get(self, request: Request) -> Response:
        self.require(Permission.VIEW)
        return self.page(request, self.seen(), WorkflowOutput)

    @changing(WorkflowInput, WorkflowOutput, TAG, status=201)
    def post(self, request: Request) -> Response:
        wanted = read(request, WorkflowInput)

        def effect() -> Outcome:
            self.require(Permission.MANAGE_AGENTS)
            made = catalogue.register_workflow(project=self.project, actor=self.actor, **wanted)
            return Outcome(status=201, body=WorkflowOutput(made).data)

        return self.once(request, effect)


class WorkflowItem(NamesView):
    model = Workflow

    @reading(WorkflowOutput, TAG)
    def get(self, request: Request, slug: str) -> Response:
        self.require(Permission.VIEW)
        return Response(WorkflowOutput(self.find(slug)).data)


class ToolsView(NamesView):
    """What the views of tools share."""

    model = Tool

    def seen(self) -> QuerySet[Any]:
        return super().seen().select_related("owner")

    def owned(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """What is wanted, with the owner whom the address names."""
        if "owner" not in wanted:
            return wanted
        return {**wanted, "owner": catalogue.find_owner(self.project, wanted["owner"])}


class ToolCollection(ToolsView):
    @listing(ToolOutput, TAG)
    def get(self, request: Request) -> Response:
        self.require(Permission.VIEW)
        return self.page(request, self.seen(), ToolOutput)

    @changing(ToolInput, ToolOutput, TAG, status=201)
    def post(self, request: Request) -> Response:
        wanted = read(request, ToolInput)

        def effect() -> Outcome:
            self.require(Permission.MANAGE_AGENTS)
            made = catalogue.register_tool(project=self.project, actor=self.actor, **self.owned(wanted))
            return Outcome(status=201, body=ToolOutput(made).data)

        return self.once(request, effect)


class ToolItem(ToolsView):
    @reading(ToolOutput, TAG)
    def get(self, request: Request, slug: str) -> Response:
        self.require(Permission.VIEW)
        return Response(ToolOutput(self.find(slug)).data)

    @changing(ToolTermsInput, ToolOutput, TAG)
    def put(self, request: Request, slug: str) -> Response:
        wanted = read(request, ToolTermsInput)

        def effect() -> Outcome:
            self.require(Permission.MANAGE_AGENTS)
            tool = self.find(slug)
            kept = {
                "schema": tool.schema,
                "groups": tool.groups,
                "description": tool.description,
                "cost_micros": tool.cost_micros,
                "risk": tool.risk,
                "owner": tool.owner,
            }
            changed = catalogue.change_tool(tool=tool, actor=self.actor, **{**kept, **self.owned(wanted)})
            return Outcome(status=200, body=ToolOutput(changed).data)

        return self.once(request, effect)


class ModelCollection(NamesView):
    model = Model

    @listing(ModelOutput, TAG)
    def get(self, request: Request) -> Response:
        self.require(Permission.VIEW)
        return self.page(request, self.seen(), ModelOutput)

    @changing(ModelInput, ModelOutput, TAG, status=201)
    def post(self, request: Request) -> Response:
        wanted = read(request, ModelInput)

        def effect() -> Outcome:
            self.require(Permission.MANAGE_AGENTS)
            made = catalogue.register_model(project=self.project, actor=self.actor, **wanted)
            return Outcome(status=201, body=ModelOutput(made).data)

        return self.once(request, effect)


class ModelItem(NamesView):
    model = Model

    @reading(ModelOutput, TAG)
    def get(self, request: Request, slug: str) -> Response:
        self.require(Permission.VIEW)
        return Response(ModelOutput(self.find(slug)).data)
