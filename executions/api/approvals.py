"""Approvals over REST: listing them, and a person's vote through their key."""

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from executions.api import inputs, outputs, reading, shapes
from executions.api.described import calling, listing, showing
from executions.api.views import GateView, json_response
from executions.queries.executions import FilterInvalid
from executions.services import approvals
from executions.services.callers import Caller
from governance import access
from governance.access import Permission
from governance.api.views import GovernedView
from governance.models import Approval
from governance.services.requests import Outcome
from waxell.lib.errors import NotFound

TAG = "Approvals"


class ApprovalCollection(GateView):
    @listing(shapes.ApprovalOutput, TAG, filters=("state", "execution"))
    def get(self, request: Request) -> HttpResponse:
        """Approvals, newest first; an agent sees those it asked for."""
        reader = reading.Reader.of(request)
        rows = (
            Approval.objects.filter(project_id=reader.project_id)
            .select_related("agent")
            .prefetch_related("votes", "steps")
        )
        given = reader.filters(("state", "execution"))
        if "state" in given:
            if given["state"] not in Approval.State.values:
                raise FilterInvalid(f"state is one of {', '.join(Approval.State.values)}.")
            rows = rows.filter(state=given["state"])
        if "execution" in given:
            wanted = inputs.uuid_or_none(given["execution"])
            rows = rows.filter(execution_id=wanted) if wanted else rows.none()
        return reader.page(reader.own(rows), outputs.approval, key=("id",), descending=True)


class ApprovalItem(GateView):
    @showing(shapes.ApprovalOutput, TAG)
    def get(self, request: Request, approval_id: UUID) -> HttpResponse:
        """One approval."""
        reader = reading.Reader.of(request)
        return json_response(outputs.approval(_visible(reader.key, approval_id)))


class ApprovalDecision(GovernedView):
    @calling(shapes.VoteInput, shapes.ApprovalOutput, TAG)
    def post(self, request: Request, approval_id: UUID) -> HttpResponse:
        """Grant or refuse, as the person who answers for this key."""
        row = _visible(self.key, approval_id)
        access.require(self.key, Permission.DECIDE_APPROVALS, row)
        decision, comment = inputs.vote(request.data)

        def effect() -> Outcome:
            decided = approvals.decide_approval(
                approval_id=approval_id,
                caller=Caller(project_id=row.project_id, person_id=self.key.accountable_id),
                person_id=self.key.accountable_id,
                decision=decision,
                comment=comment,
            )
            return Outcome(status=200, body=outputs.approval(decided))

        return self.once(request, effect)


def _visible(key: object, approval_id: UUID) -> Approval:
    row = Approval.objects.filter(pk=approval_id).select_related("agent").first()
    if row is None:
        raise NotFound()
    access.require(key, Permission.VIEW, row)  # type: ignore[arg-type]
    return row
