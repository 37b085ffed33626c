"""Trying a draft over REST: what the decisions of a period would have been with it."""

from dataclasses import asdict
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from executions.api.described import calling
from executions.api.schemas import VERDICTS, Reason
from executions.domain import record
from executions.domain.simulating import Draft
from executions.services import simulating
from executions.services.simulating import DEFAULT_DECISIONS, MOST_DECISIONS, PERIOD, Example, Simulation
from governance import access
from governance.access import Permission
from governance.api.inputs import Input, Integer, Text, read
from governance.api.policies import MAX_TEXT, TAG, PolicyView
from governance.domain.kinds import Kind
from governance.services.requests import Outcome
from waxell.lib.errors import Forbidden
from waxell.lib.times import format_time, parse_time


class SimulationInput(Input):
    text = Text(max_length=MAX_TEXT, required=False, help_text="The draft as it is saved, where left out.")
    since = Text(max_length=40, required=False, help_text="RFC 3339; a day ago where left out.")
    limit = Integer(
        min_value=1, max_value=MOST_DECISIONS, default=DEFAULT_DECISIONS, help_text="How many decisions, the newest."
    )


class TriedAction(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    resource = serializers.CharField()


class SimulationExample(serializers.Serializer[Any]):
    execution = serializers.UUIDField()
    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
    agent = serializers.CharField()
    workflow = serializers.CharField()
    action = TriedAction()
    before = serializers.ChoiceField(choices=VERDICTS)
    after = serializers.ChoiceField(choices=VERDICTS)
    was = Reason(allow_null=True, help_text="What bound then; null where nothing did.")
    reason = Reason(allow_null=True, help_text="What would bind; null where nothing would.")


class SimulationAffected(serializers.Serializer[Any]):
    agent = serializers.CharField()
    workflow = serializers.CharField()
    changed = serializers.IntegerField()
    let_through = serializers.IntegerField(help_text="Of `changed`, those that would newly be allowed.")


class SimulationOutput(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    decisions = serializers.IntegerField(help_text="Looked at, those unjudged among them.")
    unjudged = serializers.IntegerField(
        help_text="Without their facts: erased, of another release, or with arguments that you may not see."
    )
    changed = serializers.IntegerField()
    marked = serializers.IntegerField(help_text="Only marked by the draft: by a flag, or on trial.")
    by_transition = serializers.DictField(
        child=serializers.IntegerField(), help_text="`allow->halt` and the like; what is newly let through first."
    )
    examples = SimulationExample(many=True)
    affected = SimulationAffected(
        many=True, help_text="Whose decisions would change: where most is newly let through first."
    )
    more = serializers.BooleanField(help_text="True where the period holds more decisions than `limit`.")


class PolicySimulation(PolicyView):
    @calling(SimulationInput, SimulationOutput, TAG)
    def post(self, request: Request, slug: str) -> Response:
        """Judges recorded decisions again with a text of this policy, each alone. Changes nothing."""
        wanted = read(request, SimulationInput)
        since = parse_time(wanted["since"]) if "since" in wanted else timezone.now() - PERIOD

        def effect() -> Outcome:
            policy = self.find(slug, Permission.AUTHOR_POLICIES)
            if not access.can(self.key, Permission.VIEW, self.project):
                raise Forbidden("Trying a draft reads the project's decisions, which you may not see.")
            tried = simulating.simulate(
                project_id=self.project.pk,
                draft=Draft(slug=slug, text=wanted.get("text", policy.draft_text), mode=policy.mode),
                since=since,
                limit=wanted["limit"],
                contents=access.can(self.key, Permission.VIEW_PAYLOADS, self.project),
            )
            return Outcome(status=200, body=_document(tried))

        return self.once(request, effect)


def _document(tried: Simulation) -> dict[str, Any]:
    return {
        "since": format_time(tried.since),
        "decisions": tried.decisions,
        "unjudged": tried.unjudged,
        "changed": tried.changed,
        "marked": tried.marked,
        "by_transition": {str(transition): many for transition, many in tried.by_transition.items()},
        "examples": [_example(example) for example in tried.examples],
        "affected": [asdict(one) for one in tried.affected],
        "more": tried.more,
    }


def _example(example: Example) -> dict[str, Any]:
    found, tried = example.recorded, example.tried
    facts = found.line["facts"]
    return {
        "execution": str(found.execution),
        "seq": found.seq,
        "at": format_time(found.at),
        "agent": facts["principal"]["slug"],
        "workflow": facts["execution"]["workflow"],
        "action": {"kind": facts["kind"], "resource": facts["resource"]["id"]},
        "before": tried.transition.before.value,
        "after": tried.transition.after.value,
        "was": record.answered_reason(tried.was) if tried.was else None,
        "reason": record.answered_reason(tried.reason) if tried.reason else None,
    }
