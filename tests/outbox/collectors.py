"""What an OpenTelemetry collector was sent, read with OTLP's own messages."""

import base64
import json
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.servers.receivers import Got

IDS = ("traceId", "spanId", "parentSpanId")


def read(got: Got) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The resource's attributes and the spans of one request; members that OTLP does not have are an error.

    A span's ids are hexadecimal again, and its attributes a mapping.
    """
    # OTLP writes ids in hexadecimal where protobuf's JSON has base64.
    told = json.loads(got.body, object_hook=_with_base64)
    message = json_format.ParseDict(told, ExportTraceServiceRequest(), ignore_unknown_fields=False)
    (resource,) = message.resource_spans
    (scope,) = resource.scope_spans
    return _mapping(resource.resource.attributes), [
        {
            "trace": span.trace_id.hex(),
            "id": span.span_id.hex(),
            "parent": span.parent_span_id.hex(),
            "name": span.name,
            "kind": span.kind,
            "began": span.start_time_unix_nano,
            "ended": span.end_time_unix_nano,
            "status": span.status.code,
            "message": span.status.message,
            "events": [event.name for event in span.events],
            "links": [(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
            **_mapping(span.attributes),
        }
        for span in scope.spans
    ]


def _with_base64(value: dict[str, Any]) -> dict[str, Any]:
    return {
        name: base64.b64encode(bytes.fromhex(inner)).decode() if name in IDS else inner for name, inner in value.items()
    }


def _mapping(attributes: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind)
