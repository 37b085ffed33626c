"""The gate's calls: parse strictly, one service call, answer. No serializers, no console's middleware."""

from typing import Any, Final
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from executions.api import door, inputs, outputs, reading, schemas, shapes
from executions.api.described import calling, listing, showing
from executions.api.rates import count_request
from executions.domain import tracing
from executions.queries import executions as queries
from executions.services import admission, gate, leases, lifecycle, results
from executions.services.appending import Answer
from executions.services.callers import Caller
from governance.api.authentication import key_text
from governance.api.views import JSONOnly
from governance.domain.requests import Retry, retry_of
from governance.queries import keys
from waxell.lib import json_strict, problems
from waxell.lib.errors import DomainError, Unauthenticated
from waxell.lib.json_body import StrictJSONParser, read_json

# What a body can be refused with before the snapshot has checked the key.
UNREAD: Final = (400, 413, 415)


class GateView(APIView):
    """A call whose key is checked inside the snapshot, not by a query of its own."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (StrictJSONParser,)
    content_negotiation_class = JSONOnly
    metadata_class = None
    max_bytes = json_strict.MAX_BYTES

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Take a POST past REST framework's own request, which costs more than reading the body does."""
        if request.method != "POST" or not hasattr(self, "post"):
            return super().dispatch(request, *args, **kwargs)
        try:
            if (failure := request.META.get(door.FAILURE)) is not None:
                raise failure
            answer: HttpResponse = self.post(request, *args, **kwargs)
        except Exception as error:
            problem = problems.problem_of(_as_told(request, error))
            if problem is None:
                raise
            return problems.respond(problem)
        return answer

    def enter(self, request: HttpRequest) -> tuple[Caller, object, Retry | None]:
        """Return who calls, the parsed body, and what makes a retry of this request the same."""
        parts = keys.split(key_text(request))
        if parts is None:
            raise Unauthenticated()
        if door.COUNTED not in request.META:
            count_request(*parts)
        body = read_json(request, self.max_bytes)
        retry = retry_of(
            caller=parts[0],
            path=request.path,
            key=request.META.get("HTTP_IDEMPOTENCY_KEY"),
            body=body,
        )
        trace = tracing.read_traceparent(request.META.get("HTTP_TRACEPARENT"))
        return Caller(key_id=parts[0], secret=parts[1], trace=trace), body, retry


def _as_told(request: HttpRequest, error: Exception) -> Exception:
    """What to answer: who has no key in force hears of that, not of the body that came first."""
    if isinstance(error, DomainError) and error.status in UNREAD:
        try:
            keys.authenticate(key_text(request))
        except DomainError as refused:
            return refused
    return error


class ExecutionCollection(GateView):
    @listing(shapes.ExecutionOutput, filters=queries.FILTERS)
    def get(self, request: Request) -> HttpResponse:
        """Executions, newest first."""
        reader = reading.Reader.of(request)
        rows = queries.found(reader.project_id, reader.filters(queries.FILTERS))
        return reader.page(reader.own(rows), outputs.execution, key=("id",), descending=True)

    @calling(schemas.StartInput, schemas.Started, status=201)
    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask whether an execution may begin."""
        caller, body, retry = self.enter(request)
        answer = admission.start_execution(caller=caller, wanted=inputs.start(body), retry=retry)
        return respond(answer, caller)


class ExecutionItem(GateView):
    @showing(shapes.ExecutionOutput)
    def get(self, request: Request, execution_id: UUID) -> HttpResponse:
        """One execution."""
        reader = reading.Reader.of(request)
        return json_response(outputs.execution(reader.execution(execution_id)))


class EntryCollection(GateView):
    @listing(shapes.EntryOutput, filters=("stream",))
    def get(self, request: Request, execution_id: UUID) -> HttpResponse:
        """The entries of an execution in order; `stream=addenda` for what came after its end."""
        reader = reading.Reader.of(request)
        rows = reader.entries(reader.execution(execution_id))
        return reader.page(rows, outputs.entry, key=("seq",))


class ActionCollection(GateView):
    @listing(shapes.ActionOutput)
    def get(self, request: Request, execution_id: UUID) -> HttpResponse:
        """The decided actions of an execution in order."""
        reader = reading.Reader.of(request)
        row = reader.execution(execution_id)
        decided = reader.decisions(row)
        return reader.page(decided, lambda entry: reader.action(row, entry), key=("seq",))

    @calling(schemas.ActionInput, schemas.Decided)
    def post(self, request: HttpRequest, execution_id: UUID) -> HttpResponse:
        """Ask whether one action may happen, before it does."""
        caller, body, retry = self.enter(request)
        wanted = inputs.action(body)
        answer = gate.request_action(caller=caller, execution_id=execution_id, wanted=wanted, retry=retry)
        return respond(answer, caller)


class ActionItem(GateView):
    @showing(shapes.ActionOutput)
    def get(self, request: Request, execution_id: UUID, seq: int) -> HttpResponse:
        """The current answer of one action; a held one says when to look again."""
        reader = reading.Reader.of(request)
        return reader.current_action(reader.execution(execution_id), seq)


class ActionResult(GateView):
    @calling(schemas.ResultInput, schemas.Settled)
    def post(self, request: HttpRequest, execution_id: UUID, seq: int) -> HttpResponse:
        """Tell what came of an allowed action and what it used."""
        caller, body, retry = self.enter(request)
        return respond(
            results.report_result(
                caller=caller,
                execution_id=execution_id,
                seq=seq,
                wanted=inputs.result(body),
                retry=retry,
            )
        )


class Heartbeat(GateView):
    @calling(schemas.FenceInput, schemas.Directive)
    def post(self, request: HttpRequest, execution_id: UUID) -> HttpResponse:
        """Renew the lease and hear whether to continue, to wait or to halt."""
        caller, body, _ = self.enter(request)
        return respond(leases.heartbeat(caller=caller, execution_id=execution_id, fence=inputs.fence(body)))


class Closing(GateView):
    @calling(schemas.CloseInput, schemas.Closed)
    def post(self, request: HttpRequest, execution_id: UUID) -> HttpResponse:
        """End an execution in its own words and close its record."""
        caller, body, retry = self.enter(request)
        return respond(
            lifecycle.close_execution(caller=caller, execution_id=execution_id, wanted=inputs.close(body), retry=retry)
        )


class Cancelling(GateView):
    @calling(schemas.ReasonInput, schemas.Closed)
    def post(self, request: HttpRequest, execution_id: UUID) -> HttpResponse:
        """End an execution and its running descendants from outside."""
        caller, body, retry = self.enter(request)
        return respond(
            lifecycle.cancel_execution(
                caller=caller, execution_id=execution_id, reason=inputs.reason(body), retry=retry
            )
        )


def respond(answer: Answer, caller: Caller | None = None) -> HttpResponse:
    """An answer of the gate as JSON, and where `caller` finds a decision in its trace, if it has one."""
    headers = {"Idempotency-Replayed": "true"} if answer.replayed else {}
    if caller is not None and caller.trace is not None:
        headers["traceresponse"] = tracing.traceresponse(caller.trace, *answer.entry)
    return json_response(answer.body, status=answer.status, headers=headers)


def json_response(body: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """A JSON answer that no cache may keep."""
    return HttpResponse(
        orjson.dumps(body),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
