"""Telling what decides nothing: spans, scores, events, the client's own decisions; kept beside the record."""

from collections import defaultdict
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from executions.api.observe import inputs
from executions.api.observe.runs import TELEMETRY_BYTES
from executions.api.observe.views import ObserveView, unlisted
from executions.api.views import json_response
from executions.services import telling
from waxell.lib.errors import NotFound
from waxell.lib.fields import Fields


class Telemetry(ObserveView):
    """A list of objects about one run, kept whole under the name it comes with."""

    max_bytes = TELEMETRY_BYTES
    name: ClassVar[str]

    def post(self, request: HttpRequest, execution_id: UUID) -> HttpResponse:
        """Keep what is told."""
        call = self.begin(request)
        told = inputs.items(call.body, self.name)
        telling.own_execution(call.caller, execution_id, self.name)
        if told:
            telling.note(caller=call.caller, execution_id=execution_id, kind=self.name, told=told)
        return json_response({"run_id": str(execution_id), "accepted": len(told)})


@unlisted
class Spans(Telemetry):
    name = "spans"


@unlisted
class Scores(Telemetry):
    name = "scores"


@unlisted
class Partial(ObserveView):
    def post(self, request: HttpRequest, execution_id: UUID) -> HttpResponse:
        """Hear of an answer that is still being written. Only its end is kept: what leads there is part of it."""
        call = self.begin(request)
        fields = Fields(call.body)
        told = {
            "partial": fields.optional_text("partial", max_length=200_000) or "",
            "chunk_count": fields.optional_integer("chunk_count"),
            "model": fields.optional_text("model", max_length=1000),
        }
        telling.own_execution(call.caller, execution_id, "partial")
        if fields.boolean("done", default=False):
            telling.note(caller=call.caller, execution_id=execution_id, kind="partial", told=[told])
        return json_response({"run_id": str(execution_id)})


@unlisted
class Events(ObserveView):
    max_bytes = TELEMETRY_BYTES

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep events, each beside the run that it names; what names none of the caller's is passed over."""
        call = self.begin(request)
        by_run: defaultdict[UUID, list[Any]] = defaultdict(list)
        for event in inputs.items(call.body, "events"):
            if run := inputs.run_id(event):
                by_run[run].append(event)
        accepted = 0
        for run, told in by_run.items():
            try:
                telling.note(caller=call.caller, execution_id=run, kind="events", told=told)
            except NotFound:
                continue
            accepted += len(told)
        return json_response({"accepted": accepted})


@unlisted
class GovernanceDecisions(ObserveView):
    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep what the client decided by itself, or heard from us; its second try tells nothing new."""
        call = self.begin(request)
        fields = Fields(call.body)
        decisions = inputs.items(call.body, "decisions")
        run, again = inputs.run_id(call.body), fields.boolean("span_only", default=False)
        found = False
        if run is not None:
            surface = fields.optional_text("surface", max_length=63)
            try:
                telling.own_execution(call.caller, run, "decisions")
                if not again:
                    told = [{"surface": surface, "decisions": decisions}]
                    telling.note(caller=call.caller, execution_id=run, kind="decisions", told=told)
                found = True
            except NotFound:
                pass
        return json_response({"run_found": found})
