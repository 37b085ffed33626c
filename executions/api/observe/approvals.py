"""Asking people on behalf of a program that cannot wait by itself: for its `on_policy_block` handler.

No part of the client's protocol: our own handler calls it (`waxell_client.adapters.waxell_observe`).
"""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from executions.api.inputs import uuid_or_none
from executions.api.observe import inputs
from executions.api.observe.runs import TELEMETRY_BYTES, start_wanted
from executions.api.observe.views import ObserveView, unlisted
from executions.api.views import json_response
from executions.services import acting, asking_again
from governance.models import Approval
from waxell.lib.errors import NotFound
from waxell.lib.fields import Fields


@unlisted
class Approvals(ObserveView):
    max_bytes = TELEMETRY_BYTES

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask for a run (`run`, as its check was answered), or again for an action (`approval_id`)."""
        call = self.begin(request)
        fields = Fields(call.body)
        if (given := fields.optional_text("approval_id", max_length=63)) is not None:
            approval_id = uuid_or_none(given)
            if approval_id is None:
                raise NotFound()
            asked = asking_again.ask_for_action(caller=call.caller, key=call.key, approval_id=approval_id)
        else:
            wanted = inputs.run(fields.mapping("run"))
            agent = acting.agent_of(call.key, wanted.agent_name)
            asked = asking_again.ask_for_start(
                caller=call.caller, wanted=start_wanted(wanted, agent=agent), retry=call.retry
            )
        return json_response(
            {
                "approval_id": str(asked.approval) if asked.approval else None,
                "expires_in_seconds": _seconds_left(asked.approval) if asked.approval else None,
                "run_id": str(asked.execution),
                "state": asked.state,
                "begun": asked.begun,
            }
        )


def _seconds_left(approval_id: UUID) -> int:
    expires_at = Approval.objects.values_list("expires_at", flat=True).get(pk=approval_id)
    return max(0, int((expires_at - timezone.now()).total_seconds()))
