"""An agent that uses OpenTelemetry itself: prints the spans of its own, then the execution."""

import json

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from waxell_client import execution

trace.set_tracer_provider(TracerProvider())
tracer = trace.get_tracer("agent")


def names(span: trace.Span) -> list[str]:
    context = span.get_span_context()
    return [trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)]


with tracer.start_as_current_span("request") as request, execution("weather-report") as ex:
    with tracer.start_as_current_span("step") as step:
        ex.tool("web.search", {"query": "Geneva"})(lambda query: [query])
    print(json.dumps({"request": names(request), "step": names(step), "execution": ex.id}))
