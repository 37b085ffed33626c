"""Legal holds over REST: what one keeps cannot be erased until it is lifted."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from executions.api.described import calling, listing, showing
from executions.api.erasures import reads_reasons
from executions.api.views import json_response
from executions.queries import legal_holds as queries
from executions.services import subjects
from governance.access import Permission
from governance.api.inputs import Choice, Input, Text, read
from governance.api.views import GovernedView
from governance.models import LegalHold
from governance.queries import pages
from governance.services import legal_holds
from governance.services.requests import Outcome
from waxell.lib.errors import NotFound
from waxell.lib.times import format_time, format_time_or_none

TAG = "Legal holds"


class HoldScopeInput(Input):
    type = Choice(choices=LegalHold.Scope.values)
    value = Text(
        required=False, help_text="The execution's id; the end user's name or pseudonym; nothing for the project."
    )


class LegalHoldInput(Input):
    scope = HoldScopeInput()
    reason = Text(max_length=2000)


class LiftingInput(Input):
    reason = Text(max_length=2000)


class HoldScope(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=LegalHold.Scope.values)
    value = serializers.UUIDField(allow_null=True, help_text="The execution, or the end user's pseudonym.")


class LegalHoldOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    scope = HoldScope()
    reason = serializers.CharField(allow_null=True, help_text="Null for those who may not see contents.")
    entry = serializers.IntegerField(help_text="Number of the entry in the project's governance stream.")
    placed_at = serializers.DateTimeField()
    lifted_at = serializers.DateTimeField(allow_null=True)


class HoldView(GovernedView):
    """What the views of legal holds share."""

    def find(self, hold_id: UUID) -> LegalHold:
        found = queries.listed(self.project.pk).filter(pk=hold_id).first()
        if found is None:
            raise NotFound()
        return found

    def told(self, rows: Iterable[LegalHold]) -> list[dict[str, Any]]:
        holds = list(rows)
        reasons = queries.reasons(self.project.pk, holds) if reads_reasons(self.key) else {}
        return [_document(hold, reasons.get(hold.pk)) for hold in holds]


class LegalHoldCollection(HoldView):
    @listing(LegalHoldOutput, TAG)
    def get(self, request: Request) -> HttpResponse:
        """Legal holds of the project, newest first, lifted ones included."""
        self.require(Permission.VIEW)
        found = pages.page(
            queries.listed(self.project.pk),
            cursor=request.query_params.get("cursor"),
            limit=pages.parse_limit(request.query_params.get("limit")),
            key=("id",),
            descending=True,
        )
        return json_response({"items": self.told(found.items), "next": found.next})

    @calling(LegalHoldInput, LegalHoldOutput, TAG, status=201)
    def post(self, request: Request) -> HttpResponse:
        """Keep the contents of an execution, of an end user or of the whole project from being erased."""
        self.require(Permission.ERASE)
        wanted = read(request, LegalHoldInput)
        scope = wanted["scope"]

        def effect() -> Outcome:
            hold = subjects.hold(
                project_id=self.project.pk,
                actor=self.actor,
                scope_type=scope["type"],
                scope_value=scope.get("value"),
                reason=wanted["reason"],
            )
            return Outcome(status=201, body=_document(hold, wanted["reason"]), stored=_document(hold, None))

        return self.once(request, effect)


class LegalHoldItem(HoldView):
    @showing(LegalHoldOutput, TAG)
    def get(self, request: Request, hold_id: UUID) -> HttpResponse:
        """One legal hold."""
        self.require(Permission.VIEW)
        return json_response(self.told([self.find(hold_id)])[0])


class LegalHoldLifting(HoldView):
    @calling(LiftingInput, LegalHoldOutput, TAG)
    def post(self, request: Request, hold_id: UUID) -> HttpResponse:
        """Lift one legal hold; what it kept may be erased again."""
        self.require(Permission.ERASE, self.find(hold_id))
        wanted = read(request, LiftingInput)

        def effect() -> Outcome:
            legal_holds.lift(hold=self.find(hold_id), actor=self.actor, reason=wanted["reason"])
            told = self.told([self.find(hold_id)])[0]
            return Outcome(status=200, body=told, stored={**told, "reason": None})

        return self.once(request, effect)


def _document(hold: LegalHold, reason: str | None) -> dict[str, Any]:
    whole = hold.scope_type == LegalHold.Scope.PROJECT
    return {
        "id": str(hold.pk),
        "scope": {"type": hold.scope_type, "value": None if whole else str(hold.scope_value)},
        "reason": reason,
        "entry": hold.entry_seq,
        "placed_at": format_time(hold.placed_at),
        "lifted_at": format_time_or_none(hold.lifted_at),
    }
