"""The run of a day: agents that never end get one execution a day."""

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from executions.api.observe import inputs
from executions.api.observe.runs import started
from executions.api.observe.views import ObserveView, unlisted
from executions.api.views import json_response
from executions.domain.states import TERMINAL
from executions.domain.wanted import StartWanted
from executions.services import acting, admission
from governance.domain.requests import retry_of

WORKFLOW: Final = "daily"
MOST_A_DAY: Final = 100
"""So often a day's run is begun again after it has ended: with an hour's lease a day has 24 at most."""


@unlisted
class DailyRun(ObserveView):
    def post(self, request: HttpRequest) -> HttpResponse:
        """Return today's run of an agent, or begin it; one that has ended is begun anew."""
        call = self.begin(request)
        name, date = inputs.daily(call.body, timezone.now().date().isoformat())
        agent = acting.agent_of(call.key, name)
        wanted = StartWanted(
            workflow=WORKFLOW,
            agent=agent,
            labels={"agent_name": name[:255], "date": date},
            lease_seconds=inputs.LEASE_SECONDS,
        )
        for turn in range(MOST_A_DAY):
            # Whoever asks twice at once gets one execution: the gate keeps answers by such a key.
            answer = admission.start_execution(
                caller=call.caller,
                wanted=wanted,
                retry=retry_of(
                    caller=call.caller.stored_as,
                    path=request.path,
                    key=f"{agent or 'own'}:{date}:{turn}",
                    body={"labels": dict(wanted.labels)},
                ),
            )
            if not answer.replayed or answer.body["state"] not in TERMINAL:
                break
        return json_response({**started(UUID(answer.body["id"])), "date": date, "created": not answer.replayed})
