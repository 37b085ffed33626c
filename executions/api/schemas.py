"""The shapes of the gate's bodies and answers, for the OpenAPI document only.

The views neither parse nor render through these: `inputs` and the services do. A test sends what
this document describes to the running API and holds every answer against it.
"""

from typing import Any

from rest_framework import serializers

from executions.domain.states import State
from governance.domain.kinds import REQUESTABLE
from governance.domain.verdicts import Effect, Source, Verdict
from governance.models import Approval

type Shape = serializers.Serializer[Any]
STATES = [state.value for state in State]
VERDICTS = [verdict.value for verdict in Verdict]
APPROVAL_STATES = Approval.State.values


def amount(**options: Any) -> serializers.Field[Any, Any, Any, Any]:
    """Dollars as a decimal string; other units as an integer."""
    return serializers.JSONField(**options)


class Receipt(serializers.Serializer[Any]):
    stream = serializers.UUIDField()
    seq = serializers.IntegerField()
    digest = serializers.CharField()


class Reason(serializers.Serializer[Any]):
    source = serializers.ChoiceField(  # type: ignore[assignment]  # the base's attribute is never used
        choices=[source.value for source in Source]
    )
    effect = serializers.ChoiceField(choices=[effect.value for effect in Effect])
    code = serializers.CharField()
    message = serializers.CharField()
    policy = serializers.CharField(required=False)
    version = serializers.IntegerField(required=False)
    rule = serializers.CharField(required=False)
    budget = serializers.CharField(required=False)
    unit = serializers.CharField(required=False)
    member = serializers.CharField(required=False)
    kill_order = serializers.CharField(required=False)
    limit = amount(required=False)
    extra = amount(required=False)
    reserved = amount(required=False)
    spent = amount(required=False)
    overrun = amount(required=False)
    asked = amount(required=False)


class Lease(serializers.Serializer[Any]):
    fence = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class Record(serializers.Serializer[Any]):
    entries = serializers.IntegerField()
    head = serializers.CharField()


class Asked(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=APPROVAL_STATES)
    expires_in_seconds = serializers.IntegerField()


class StartInput(serializers.Serializer[Any]):
    workflow = serializers.CharField(max_length=200)
    agent = serializers.CharField(max_length=63, required=False, allow_null=True)
    input = serializers.JSONField(required=False, allow_null=True)
    labels = serializers.DictField(
        child=serializers.CharField(max_length=255, allow_blank=True), required=False, allow_null=True
    )
    parent = serializers.UUIDField(  # type: ignore[assignment]
        required=False, allow_null=True
    )
    delegation = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    end_user = serializers.CharField(max_length=255, required=False, allow_null=True)
    environment = serializers.CharField(max_length=63, required=False, allow_null=True, allow_blank=True)
    deadline_seconds = serializers.IntegerField(min_value=1, max_value=604_800, required=False, allow_null=True)
    lease_seconds = serializers.IntegerField(min_value=10, max_value=3600, required=False, allow_null=True)


class Started(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=STATES)
    verdict = serializers.ChoiceField(choices=VERDICTS)
    reasons = Reason(many=True)
    governance_state = serializers.CharField()
    lease = Lease(allow_null=True)
    approval = Asked(required=False)
    receipt = Receipt()


class EstimateInput(serializers.Serializer[Any]):
    usd = serializers.CharField(required=False, allow_null=True)
    tokens = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    seconds = serializers.IntegerField(required=False, allow_null=True, min_value=0)


class ActionInput(serializers.Serializer[Any]):
    fence = serializers.IntegerField(min_value=0)
    kind = serializers.ChoiceField(choices=sorted(kind.value for kind in REQUESTABLE))
    resource = serializers.CharField(max_length=200)
    args = serializers.DictField(required=False, allow_null=True)
    estimate = EstimateInput(required=False, allow_null=True)
    approval = serializers.UUIDField(required=False, allow_null=True)


class Window(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField(allow_null=True)


class Reserved(serializers.Serializer[Any]):
    budget = serializers.CharField()
    version = serializers.IntegerField()
    member = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    amount = amount()
    window = Window()
    state = serializers.CharField()


class Decided(serializers.Serializer[Any]):
    seq = serializers.IntegerField()
    verdict = serializers.ChoiceField(choices=VERDICTS)
    reasons = Reason(many=True)
    state = serializers.ChoiceField(choices=STATES)
    reservations = Reserved(many=True)
    estimate_source = serializers.CharField(allow_null=True)
    governance_state = serializers.CharField()
    approval = Asked(required=False)
    receipt = Receipt()


class UsageInput(serializers.Serializer[Any]):
    usd = serializers.CharField(required=False, allow_null=True)
    model = serializers.CharField(max_length=200, required=False, allow_null=True)
    tokens_in = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    tokens_out = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    seconds = serializers.IntegerField(required=False, allow_null=True, min_value=0)


class ResultInput(serializers.Serializer[Any]):
    fence = serializers.IntegerField(min_value=0)
    status = serializers.ChoiceField(choices=["ok", "error"])
    output = serializers.JSONField(required=False, allow_null=True)
    usage = UsageInput(required=False, allow_null=True)


class SettledReservation(serializers.Serializer[Any]):
    budget = serializers.CharField()
    version = serializers.IntegerField()
    member = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    reserved = amount()
    spent = amount()
    overrun = amount()
    released = amount()
    presumed = serializers.BooleanField()


class Settled(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=["allow", "halt"])
    reasons = Reason(many=True)
    state = serializers.ChoiceField(choices=STATES)
    settled = SettledReservation(many=True)
    receipt = Receipt()


class FenceInput(serializers.Serializer[Any]):
    fence = serializers.IntegerField(min_value=0)


class Directive(serializers.Serializer[Any]):
    directive = serializers.ChoiceField(choices=["continue", "wait", "halt"])
    state = serializers.ChoiceField(choices=STATES)
    lease = Lease(allow_null=True)
    governance_state = serializers.CharField()


class CloseInput(serializers.Serializer[Any]):
    fence = serializers.IntegerField(min_value=0)
    outcome = serializers.ChoiceField(choices=["completed", "failed"])
    output = serializers.JSONField(required=False, allow_null=True)
    error = serializers.JSONField(required=False, allow_null=True)


class Closed(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=STATES)
    record = Record()
    receipt = Receipt()


class ReasonInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=2000)
