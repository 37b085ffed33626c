"""The shapes of what is read over REST and of what people decide, for the OpenAPI document only."""

from typing import Any

from rest_framework import serializers

from executions.api.schemas import STATES, Lease, Reason, Receipt, Record, Reserved
from governance.domain.verdicts import Verdict
from governance.models import Approval, KillOrder


class Counts(serializers.Serializer[Any]):
    actions = serializers.IntegerField()
    model_calls = serializers.IntegerField()
    tool_calls = serializers.IntegerField()
    unresolved = serializers.IntegerField()
    refusals = serializers.IntegerField()
    tokens = serializers.IntegerField()
    usd = serializers.CharField()


class StateSeen(serializers.Serializer[Any]):
    digest = serializers.CharField()
    first = serializers.IntegerField()


class ExecutionOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=STATES)
    workflow = serializers.CharField()
    agent = serializers.CharField()
    environment = serializers.CharField(allow_blank=True)
    labels = serializers.DictField()
    end_user = serializers.UUIDField(allow_null=True)
    parent = serializers.UUIDField(  # type: ignore[assignment]
        allow_null=True
    )
    root = serializers.UUIDField()  # type: ignore[assignment]
    depth = serializers.IntegerField()
    retry_of = serializers.UUIDField(allow_null=True)
    attempt = serializers.IntegerField()
    vouched = serializers.ChoiceField(choices=["enforced", "asked", "observed"])
    cause = Reason(allow_null=True)
    governance_state = serializers.CharField()
    governance_states = StateSeen(many=True)
    counts = Counts()
    lease = Lease(allow_null=True)
    record = Record(allow_null=True)
    deadline_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class EntryOutput(serializers.Serializer[Any]):
    stream = serializers.UUIDField()
    seq = serializers.IntegerField()
    type = serializers.CharField()
    verdict = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()
    digest = serializers.CharField()
    canonical = serializers.CharField()
    entry = serializers.DictField()


class Hold(serializers.Serializer[Any]):
    policy = serializers.CharField(required=False)
    rule = serializers.CharField(required=False)
    budget = serializers.CharField(required=False)
    version = serializers.IntegerField()


class Votes(serializers.Serializer[Any]):
    needed = serializers.IntegerField(help_text="So many different people must grant; one refusal refuses.")
    granted = serializers.IntegerField()
    refused = serializers.IntegerField()


class ApprovalOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Approval.State.values)
    execution = serializers.UUIDField()
    seq = serializers.IntegerField()
    agent = serializers.CharField()
    workflow = serializers.CharField()
    kind = serializers.CharField()
    resource = serializers.CharField()
    holds = Hold(many=True)
    approvers = serializers.CharField(allow_null=True)
    also_asked = serializers.ListField(
        child=serializers.CharField(), help_text="Groups that are asked as well, since nobody had decided in time."
    )
    quorum = serializers.IntegerField()
    votes = Votes()
    requested_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    used_at = serializers.DateTimeField(allow_null=True)
    used_by = serializers.UUIDField(allow_null=True)


class ActionOutput(serializers.Serializer[Any]):
    seq = serializers.IntegerField()
    kind = serializers.CharField()
    resource = serializers.CharField()
    verdict = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])
    reasons = Reason(many=True)
    state = serializers.ChoiceField(choices=STATES)
    reservations = Reserved(many=True)
    governance_state = serializers.CharField()
    estimate_source = serializers.CharField(allow_null=True)
    approval = ApprovalOutput(allow_null=True)
    result = serializers.DictField(required=False)
    at = serializers.DateTimeField()
    receipt = Receipt()


class LiftInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=2000, required=False, allow_null=True, allow_blank=True)


class VoteInput(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(choices=["grant", "refuse"])
    comment = serializers.CharField(max_length=2000, required=False, allow_null=True, allow_blank=True)


class KillScopeInput(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=KillOrder.Scope.values)
    value = serializers.CharField(max_length=200, required=False, allow_null=True)


class KillOrderInput(serializers.Serializer[Any]):
    scope = KillScopeInput()
    reason = serializers.CharField(max_length=2000)


class KillScope(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=KillOrder.Scope.values)
    value = serializers.CharField(allow_null=True)


class KillOrderOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    scope = KillScope()
    reason = serializers.CharField()
    placed_at = serializers.DateTimeField()
    lifted_at = serializers.DateTimeField(allow_null=True)


class KillOrderPlaced(KillOrderOutput):
    stopped = serializers.ListField(child=serializers.UUIDField())
    remaining = serializers.IntegerField(help_text="Executions that the watchdog stops within moments.")
    in_flight = serializers.IntegerField(help_text="Actions allowed before, without a result: they cannot be recalled.")
