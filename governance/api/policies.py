"""Policies over REST."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance import access
from governance.access import Permission
from governance.api import outputs
from governance.api.described import changing, listing, reading
from governance.api.inputs import SLUG, Choice, Input, Integer, Text, read
from governance.api.outputs import Moment
from governance.api.views import GovernedView
from governance.models import Policy, PolicyVersion
from governance.queries import cases as case_queries
from governance.queries import policies as queries
from governance.queries import states
from governance.services import policies
from governance.services.requests import Outcome
from waxell.ledger.domain.entries import name_digest
from waxell.lib.errors import NotFound

TAG = "Policies"
MAX_TEXT = 100_000


class PolicyInput(Input):
    slug = Text(validators=[SLUG], max_length=63)
    name = Text(min_length=1, max_length=120)
    text = Text(max_length=MAX_TEXT)
    mode = Choice(choices=Policy.Mode.values, default=Policy.Mode.ENFORCED)
    description = Text(max_length=2000, allow_blank=True, default="")


class TextInput(Input):
    text = Text(max_length=MAX_TEXT)


class DraftInput(TextInput):
    revision = Integer(required=False, help_text="The revision that the edit began with.")


class NoteInput(Input):
    note = Text(max_length=2000, allow_blank=True, default="")
    expected_version = Integer(required=False, help_text="The version in force that you saw, 0 for none.")


class PublicationInput(NoteInput):
    override = Text(
        max_length=2000,
        allow_blank=True,
        default="",
        help_text="Why it may be published although test cases kept with it fail.",
    )


class PolicyOutput(serializers.Serializer[Policy]):
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    mode = serializers.ChoiceField(choices=Policy.Mode.values)
    text = serializers.CharField(source="draft_text", help_text="The draft.")
    revision = serializers.IntegerField(source="draft_revision")
    version = serializers.SerializerMethodField(help_text="The version in force, null for none.")
    created_at = Moment()

    def get_version(self, policy: Policy) -> int | None:
        in_force = queries.in_force_versions(self.context["state"]).get(policy.slug)
        return in_force.version if in_force else None


class PolicyVersionOutput(serializers.Serializer[PolicyVersion]):
    version = serializers.IntegerField(source="number")
    digest = serializers.SerializerMethodField()
    mode = serializers.ChoiceField(choices=Policy.Mode.values)
    text = serializers.CharField()
    note = serializers.CharField()
    created_at = Moment()

    def get_digest(self, version: PolicyVersion) -> str:
        return name_digest(version.digest) or ""


class PolicyErrorOutput(serializers.Serializer[Any]):
    rule = serializers.CharField(required=False)
    message = serializers.CharField()
    line = serializers.IntegerField(required=False)
    column = serializers.IntegerField(required=False)


class CaseResultOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    wanted = serializers.CharField(help_text="allow, flag, hold, deny or halt.")
    passed = serializers.BooleanField()
    got = serializers.CharField(required=False, help_text="What the text says, in the same words.")
    rule = serializers.CharField(required=False, allow_null=True, help_text="The rule that decides, if one does.")
    problem = serializers.CharField(required=False, help_text="Why it could not be judged.")


class ValidationOutput(serializers.Serializer[Any]):
    valid = serializers.BooleanField()
    errors = PolicyErrorOutput(many=True)  # type: ignore[assignment]
    cases = CaseResultOutput(many=True, help_text="What the text says to the test cases, where it can be read.")


class PolicyView(GovernedView):
    """What the views of one policy share."""

    def find(self, slug: str, permission: Permission) -> Policy:
        policy = queries.listed(self.project.pk).filter(slug=slug).first()
        if policy is None:
            raise NotFound()
        self.require(permission, policy)
        return policy

    def document(self, policy: Policy) -> dict[str, Any]:
        return dict(PolicyOutput(policy, context=self.state()).data)

    def sees_contents(self) -> bool:
        return access.can(self.key, Permission.VIEW_PAYLOADS, self.project)

    def state(self) -> dict[str, Any]:
        return {"state": states.in_force(self.project.pk)}


class PolicyCollection(PolicyView):
    @listing(PolicyOutput, TAG)
    def get(self, request: Request) -> Response:
        self.require(Permission.VIEW)
        return self.page(request, queries.listed(self.project.pk), PolicyOutput, context=self.state())

    @changing(PolicyInput, PolicyOutput, TAG, status=201)
    def post(self, request: Request) -> Response:
        wanted = read(request, PolicyInput)

        def effect() -> Outcome:
            self.require(Permission.AUTHOR_POLICIES)
            policy = policies.create(project=self.project, actor=self.actor, **wanted)
            return Outcome(status=201, body=self.document(policy))

        return self.once(request, effect)


class PolicyItem(PolicyView):
    @reading(PolicyOutput, TAG)
    def get(self, request: Request, slug: str) -> Response:
        return Response(self.document(self.find(slug, Permission.VIEW)))


class PolicyDraft(PolicyView):
    @changing(DraftInput, PolicyOutput, TAG)
    def put(self, request: Request, slug: str) -> Response:
        """Saves the draft; what is wrong with a text never stops a save."""
        wanted = read(request, DraftInput)

        def effect() -> Outcome:
            policy = self.find(slug, Permission.AUTHOR_POLICIES)
            saved = policies.save_draft(policy=policy, actor=self.actor, **wanted)
            return Outcome(status=200, body=self.document(saved))

        return self.once(request, effect)


class PolicyValidation(PolicyView):
    @changing(TextInput, ValidationOutput, TAG)
    def post(self, request: Request, slug: str) -> Response:
        text = read(request, TextInput)["text"]

        def effect() -> Outcome:
            policy = self.find(slug, Permission.VIEW)
            found = policies.validate(project_id=self.project.pk, text=text)
            errors = [error.document() for error in found.errors]
            results = case_queries.run(policy, text, contents=self.sees_contents()) if found.valid else ()
            kept = [result.document() for result in results]
            return Outcome(status=200, body={"valid": found.valid, "errors": errors, "cases": kept})

        return self.once(request, effect)


class PolicyPublication(PolicyView):
    @changing(PublicationInput, outputs.InForce, TAG)
    def post(self, request: Request, slug: str) -> Response:
        wanted = read(request, PublicationInput)

        def effect() -> Outcome:
            policy = self.find(slug, Permission.AUTHOR_POLICIES)
            made = policies.publish(policy=policy, actor=self.actor, **wanted)
            return Outcome(status=200, body=outputs.in_force(made.version, made.digest, made.published))

        return self.once(request, effect)


class PolicyRetirement(PolicyView):
    @changing(NoteInput, outputs.StateInForce, TAG)
    def post(self, request: Request, slug: str) -> Response:
        wanted = read(request, NoteInput)

        def effect() -> Outcome:
            policy = self.find(slug, Permission.AUTHOR_POLICIES)
            published = policies.retire(policy=policy, actor=self.actor, **wanted)
            return Outcome(status=200, body={"governance_state": published.digest})

        return self.once(request, effect)


class PolicyVersionCollection(PolicyView):
    @listing(PolicyVersionOutput, TAG)
    def get(self, request: Request, slug: str) -> Response:
        versions = self.find(slug, Permission.VIEW).versions.all()
        return self.page(request, versions, PolicyVersionOutput, key=("number",), descending=True)


class PolicyVersionItem(PolicyView):
    @reading(PolicyVersionOutput, TAG)
    def get(self, request: Request, slug: str, number: int) -> Response:
        version = self.find(slug, Permission.VIEW).versions.filter(number=number).first()
        if version is None:
            raise NotFound()
        return Response(PolicyVersionOutput(version).data)


class PolicyVersionPublication(PolicyView):
    @changing(PublicationInput, outputs.InForce, TAG)
    def post(self, request: Request, slug: str, number: int) -> Response:
        wanted = read(request, PublicationInput)

        def effect() -> Outcome:
            policy = self.find(slug, Permission.AUTHOR_POLICIES)
            made = policies.publish_version(policy=policy, number=number, actor=self.actor, **wanted)
            return Outcome(status=200, body=outputs.in_force(made.version, made.digest, made.published))

        return self.once(request, effect)
