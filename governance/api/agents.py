"""Agents and API keys over REST."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.access import Permission
from governance.api.described import changing, listing, reading
from governance.api.inputs import SLUG, Choice, Input, Integer, Text, Texts, read
from governance.api.outputs import Moment
from governance.api.views import GovernedView
from governance.models import Agent, ApiKey
from governance.queries import keys as key_queries
from governance.services import agents, keys
from governance.services.requests import Outcome
from waxell.lib.errors import NotFound

TAG = "Agents and keys"
MAX_DAYS = 3650


class AgentInput(Input):
    slug = Text(validators=[SLUG], max_length=63)
    name = Text(min_length=1, max_length=120)
    teams = Texts(child=Text(validators=[SLUG], max_length=63), required=False)


class KeyInput(Input):
    scopes = Texts(child=Choice(choices=ApiKey.Scope.values), min_length=1, max_length=3)
    expires_in_days = Integer(min_value=1, max_value=MAX_DAYS, default=keys.DEFAULT_DAYS)


class NothingInput(Input):
    """No fields."""


class AgentOutput(serializers.Serializer[Agent]):
    slug = serializers.CharField()
    name = serializers.CharField()
    teams = serializers.SerializerMethodField()
    discovered = serializers.BooleanField()
    created_at = Moment()

    def get_teams(self, agent: Agent) -> list[str]:
        return sorted(team.slug for team in agent.teams.all())


class KeyOutput(serializers.Serializer[ApiKey]):
    id = serializers.CharField()
    agent = serializers.SerializerMethodField()
    service = serializers.CharField()
    accountable = serializers.EmailField(source="accountable.email")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=ApiKey.Scope.values))
    created_at = Moment()
    expires_at = Moment()
    revoked_at = Moment(allow_null=True)
    last_used_at = Moment(allow_null=True)

    def get_agent(self, key: ApiKey) -> str | None:
        return key.agent.slug if key.agent else None


class NewKeyOutput(KeyOutput):
    key = serializers.SerializerMethodField(help_text="The whole key, this once; null on a replay.")

    @extend_schema_field({"type": ["string", "null"]})
    def get_key(self, key: ApiKey) -> str | None:
        return self.context.get("plain")


class AgentView(GovernedView):
    """What the views of one agent share."""

    def find(self, slug: str, permission: Permission) -> Agent:
        agent = self.seen().filter(slug=slug).first()
        if agent is None:
            raise NotFound()
        self.require(permission, agent)
        return agent

    def seen(self) -> QuerySet[Agent]:
        """An agent's key sees that agent only."""
        found = Agent.objects.filter(project=self.project.pk).prefetch_related("teams")
        return found if self.key.agent_id is None else found.filter(pk=self.key.agent_id)


class AgentCollection(AgentView):
    @listing(AgentOutput, TAG)
    def get(self, request: Request) -> Response:
        self.require(Permission.VIEW, self.project)
        return self.page(request, self.seen(), AgentOutput)

    @changing(AgentInput, AgentOutput, TAG, status=201)
    def post(self, request: Request) -> Response:
        wanted = read(request, AgentInput)

        def effect() -> Outcome:
            self.require(Permission.MANAGE_AGENTS)
            agent = agents.register(project=self.project, actor=self.actor, **wanted)
            return Outcome(status=201, body=AgentOutput(agent).data)

        return self.once(request, effect)


class AgentItem(AgentView):
    @reading(AgentOutput, TAG)
    def get(self, request: Request, slug: str) -> Response:
        return Response(AgentOutput(self.find(slug, Permission.VIEW)).data)


class AgentKeyCollection(AgentView):
    @listing(KeyOutput, TAG)
    def get(self, request: Request, slug: str) -> Response:
        agent = self.find(slug, Permission.VIEW)
        return self.page(request, key_queries.listed(self.project.pk).filter(agent=agent), KeyOutput)

    @changing(KeyInput, NewKeyOutput, TAG, status=201)
    def post(self, request: Request, slug: str) -> Response:
        wanted = read(request, KeyInput)

        def effect() -> Outcome:
            agent = self.find(slug, Permission.MANAGE_AGENTS)
            issued = keys.issue(
                project=self.project, actor=self.actor, agent=agent, accountable=self.key.accountable, **wanted
            )
            return Outcome(
                status=201,
                body=NewKeyOutput(issued.key, context={"plain": issued.plain}).data,
                stored=NewKeyOutput(issued.key).data,
            )

        return self.once(request, effect)


class KeyView(GovernedView):
    """What the views of one key share: whoever manages an agent manages its keys."""

    def find(self, identity: str, permission: Permission) -> ApiKey:
        key = self.seen().filter(pk=identity).first()
        if key is None:
            raise NotFound()
        self.require(permission, key.agent or key)
        return key

    def seen(self) -> QuerySet[ApiKey]:
        found = key_queries.listed(self.project.pk)
        return found if self.key.agent_id is None else found.filter(agent=self.key.agent_id)


class KeyCollection(KeyView):
    @listing(KeyOutput, TAG)
    def get(self, request: Request) -> Response:
        self.require(Permission.VIEW, self.project)
        return self.page(request, self.seen(), KeyOutput)


class KeyItem(KeyView):
    @reading(KeyOutput, TAG)
    def get(self, request: Request, identity: str) -> Response:
        return Response(KeyOutput(self.find(identity, Permission.VIEW)).data)


class KeyRevocation(KeyView):
    @changing(NothingInput, KeyOutput, TAG)
    def post(self, request: Request, identity: str) -> Response:
        read(request, NothingInput)

        def effect() -> Outcome:
            key = self.find(identity, Permission.MANAGE_AGENTS)
            keys.revoke(key=key, actor=self.actor)
            return Outcome(status=200, body=dict(KeyOutput(key).data))

        return self.once(request, effect)
