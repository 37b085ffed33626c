"""Asking first: the check before a run and at each gate, and the manifest that says where to ask."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from executions.api import reading
from executions.api.observe import answers, inputs
from executions.api.observe.views import Call, ObserveView, unlisted
from executions.api.views import json_response
from executions.domain import record
from executions.domain.wanted import ActionWanted
from executions.models import Execution
from executions.services import acting, gate, leases
from executions.services.appending import ExecutionClosed, Fenced
from executions.services.gate import ExecutionPending, ExecutionSuspended
from executions.services.judging import Judgement
from executions.services.rehearsing import Rehearsed, WorkflowIsOurs, rehearse
from governance.domain.kinds import Kind
from governance.domain.verdicts import Verdict
from governance.models import Approval
from governance.services.rates import TooManyRequests
from waxell.lib.errors import NotFound, Unavailable


@unlisted
class Config(ObserveView):
    def get(self, request: Request) -> HttpResponse:
        """Where this project is. No OTLP endpoint: the record is the trace."""
        project = reading.Reader.of(request).key.project
        return json_response({"otel_endpoint": "", "tenant_id": str(project.pk), "tenant_slug": project.slug})


@unlisted
class Manifest(ObserveView):
    def get(self, request: Request) -> HttpResponse:
        """The gates at which the client has to ask."""
        reading.Reader.of(request)
        return json_response(answers.manifest())


@unlisted
class PolicyCheck(ObserveView):
    def post(self, request: HttpRequest) -> HttpResponse:
        """Whether a run may begin, or one thing in it may happen."""
        try:
            call = self.begin(request)
            wanted = inputs.check(call.body)
            body = _of_run(call, wanted, wanted.execution_id) if wanted.execution_id else _rehearsed(call, wanted)
        except (TooManyRequests, Unavailable) as error:
            # Any other status would let the agent go on.
            body = answers.block(str(error.detail or error.title()))
        return json_response(body)


def _rehearsed(call: Call, check: inputs.Check) -> answers.Body:
    """What would be decided: the run has no execution yet, so nothing is granted."""
    run = check.run
    asked = inputs.action(check)
    if asked is None and (tool := _tool_of(run.workflow)):
        asked = (Kind.TOOL_CALL, tool, {})
    kind, resource, args = asked or (Kind.EXECUTION_START, run.workflow, None)
    try:
        judgement = rehearse(
            caller=call.caller,
            wanted=Rehearsed(
                agent=acting.agent_of(call.key, run.agent_name),
                workflow=run.workflow,
                labels=run.labels,
                kind=kind,
                resource=resource,
                args=args,
            ),
        )
    except WorkflowIsOurs as error:
        return answers.block(error.title(), surface=check.surface)
    body = answers.verdict(told(judgement), surface=check.surface)
    if kind is Kind.EXECUTION_START and judgement.decision.verdict is Verdict.HOLD:
        # Nobody is asked by a rehearsal. A handler that will wait sends this to `approvals/`.
        body["metadata"] = {"ask": inputs.echo(call.body)}
    return body


def _of_run(call: Call, check: inputs.Check, execution_id: UUID) -> answers.Body:
    """The gate's own decision, or the watchdog's question where only going on is asked."""
    row = Execution.objects.filter(pk=execution_id).values_list("fence", flat=True).first()
    fence, surface = row or 0, check.surface
    asked = inputs.action(check)
    try:
        if asked is None:
            answer = leases.heartbeat(caller=call.caller, execution_id=execution_id, fence=fence)
            if answer.body["directive"] == "continue":
                return answers.allow()
            if answer.body["directive"] == "wait":
                return _waits(execution_id, surface)
            return _ended(execution_id, surface)
        kind, resource, args = asked
        wanted = ActionWanted(fence=fence, kind=kind, resource=resource, args=args or None)
        answer = gate.request_action(caller=call.caller, execution_id=execution_id, wanted=wanted)
    except ExecutionClosed:
        return _ended(execution_id, surface)
    except ExecutionSuspended:
        return _waits(execution_id, surface)
    except (ExecutionPending, Fenced) as error:
        return answers.block(error.title(), surface=surface)
    except NotFound:
        return answers.block("This run is not known here.", surface=surface)
    return answers.verdict(answer.body, surface=surface)


def _waits(execution_id: UUID, surface: str | None) -> answers.Body:
    pending = Approval.objects.filter(execution_id=execution_id, state=Approval.State.PENDING)
    return answers.block(answers.waiting(pending.values_list("pk", flat=True).first()), surface=surface)


def _ended(execution_id: UUID, surface: str | None) -> answers.Body:
    state, cause = Execution.objects.values_list("state", "cause").get(pk=execution_id)
    return answers.ended(state, cause, surface=surface)


def told(judgement: Judgement) -> answers.Body:
    """A judgement as a decision is answered, for `answers.verdict`."""
    decision = judgement.decision.document()
    return {
        "verdict": judgement.decision.verdict,
        "reasons": record.answered_reasons(reason.document() for reason in judgement.decision.reasons),
        "flags": decision.get("flags"),
    }


def _tool_of(workflow: str) -> str | None:
    """The tool that a hook or an MCP instrumentor asks about in the place of a workflow."""
    noun, _, name = workflow.partition(":")
    if noun == "mcp":
        return name.replace(":", "/", 1)
    return name if noun == "tool" else None
