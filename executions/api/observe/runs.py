"""The life of a run: start, what it used, complete."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from executions.api.observe import answers, inputs
from executions.api.observe.views import Call, ObserveView, unlisted
from executions.api.views import json_response
from executions.domain.states import TERMINAL, State
from executions.domain.wanted import CloseWanted, StartWanted
from executions.models import Execution
from executions.services import acting, admission, asking_again, lifecycle, telling
from executions.services.appending import ExecutionClosed, Fenced
from executions.services.rehearsing import WorkflowIsOurs
from executions.services.telling import Told
from governance.models import Workflow
from waxell.lib.times import format_time

TELEMETRY_BYTES: Final = 2 << 20
JUDGED: Final = 500
"""Of one body so many uses are judged; the others are kept beside the record, whole."""

REFUSED: Final = frozenset({State.DENIED, State.HALTED, State.CANCELLED, State.INTERRUPTED})


@unlisted
class RunStart(ObserveView):
    def post(self, request: HttpRequest) -> HttpResponse:
        """Admit a run. One that is refused has a record too, and every gate of it blocks."""
        call = self.begin(request)
        wanted = inputs.run(call.body)
        if Workflow.objects.filter(
            project_id=call.key.project_id, slug=wanted.workflow, kind=Workflow.Kind.WORKER
        ).exists():
            raise WorkflowIsOurs()
        agent = acting.agent_of(call.key, wanted.agent_name)
        start = start_wanted(wanted, agent=agent)
        refused = inputs.was_refused(call.body)
        if taken := asking_again.take_over(
            caller=call.caller, key=call.key, agent=agent, wanted=start, refused=refused
        ):
            return json_response(started(taken), status=201)
        parent, delegation = acting.lineage(call.caller, call.key, wanted.parent, agent)
        answer = admission.start_execution(
            caller=call.caller, wanted=replace(start, parent=parent, delegation=delegation), retry=call.retry
        )
        return json_response(started(UUID(answer.body["id"])), status=answer.status)


@unlisted
class LlmCalls(ObserveView):
    max_bytes = TELEMETRY_BYTES

    def post(self, request: HttpRequest, execution_id: UUID) -> HttpResponse:
        """Settle model calls that were asked for, and judge those that were not."""
        call = self.begin(request)
        calls = inputs.calls(call.body)
        return json_response(_use(call, execution_id, calls))


@unlisted
class Steps(ObserveView):
    max_bytes = TELEMETRY_BYTES

    def post(self, request: HttpRequest, execution_id: UUID) -> HttpResponse:
        """Settle or judge the steps that used something; keep the others beside the record."""
        call = self.begin(request)
        steps = inputs.steps(call.body)
        body = _use(call, execution_id, steps.uses)
        if steps.plain:
            telling.note(caller=call.caller, execution_id=execution_id, kind="steps", told=steps.plain)
        return json_response(body)


@unlisted
class Completion(ObserveView):
    max_bytes = TELEMETRY_BYTES

    def post(self, request: HttpRequest, execution_id: UUID) -> HttpResponse:
        """Close the record. What comes after its end is kept beside it."""
        call = self.begin(request)
        steps = inputs.steps(call.body, required=False)
        inputs.completion(call.body, fence=0)
        _use(call, execution_id, steps.uses)
        row = telling.own_execution(call.caller, execution_id, "close")
        wanted = inputs.completion(call.body, row.fence)
        try:
            if State(row.state) not in TERMINAL:
                lifecycle.close_execution(
                    caller=call.caller, execution_id=execution_id, wanted=wanted, retry=call.retry
                )
            elif row.state != wanted.outcome:
                _note_late(call, execution_id, wanted)
        except (ExecutionClosed, Fenced):
            _note_late(call, execution_id, wanted)
        row.refresh_from_db()
        refused = row.state in REFUSED and wanted.outcome == "completed"
        ended_at = row.ended_at or row.started_at
        return json_response(
            {
                "run_id": str(row.pk),
                "duration": (ended_at - row.started_at).total_seconds(),
                "state": row.state,
                "governance": answers.governance(answers.ended(row.state, row.cause) if refused else answers.allow()),
            }
        )


def started(execution_id: UUID) -> answers.Body:
    """How the start of a run is answered; both names of it are the execution's id."""
    row = Execution.objects.only("started_at", "state").get(pk=execution_id)
    return {
        "run_id": str(execution_id),
        "workflow_id": str(execution_id),
        "started_at": format_time(row.started_at),
        "state": row.state,
    }


def start_wanted(run: inputs.RunWanted, *, agent: str | None) -> StartWanted:
    """A run as an execution to admit, without its parent. `agent` is a slug and None for an agent's own key."""
    return StartWanted(
        workflow=run.workflow,
        agent=agent,
        input=run.inputs or None,
        labels=run.labels,
        end_user=run.end_user,
        lease_seconds=inputs.LEASE_SECONDS,
    )


def _use(call: Call, execution_id: UUID, uses: tuple[Told, ...]) -> answers.Body:
    """Tell the record what was used; the answer has the strictest verdict met."""
    row = telling.own_execution(call.caller, execution_id, "result")
    refused = None
    for told in uses[:JUDGED]:
        answer = telling.tell(caller=call.caller, execution_id=execution_id, told=told)
        if refused is None and answer is not None:
            judged = answers.verdict(answer.body)
            refused = judged if judged["action"] == "block" else None
    if rest := uses[JUDGED:]:
        documents = [told.document() for told in rest]
        telling.note(caller=call.caller, execution_id=execution_id, kind="uses", told=documents)
    row.refresh_from_db(fields=("state", "cause"))
    if refused is None and row.state in REFUSED:
        refused = answers.ended(row.state, row.cause)
    return {"run_id": str(execution_id), "governance": answers.governance(refused or answers.allow())}


def _note_late(call: Call, execution_id: UUID, wanted: CloseWanted) -> None:
    told = {"outcome": wanted.outcome, "output": wanted.output, "error": wanted.error}
    telling.note(caller=call.caller, execution_id=execution_id, kind="complete", told=[told])
