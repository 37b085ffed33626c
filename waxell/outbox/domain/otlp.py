"""Spans as an OpenTelemetry collector takes them: OTLP's JSON over HTTP.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: ids are hexadecimal there, 64-bit
integers are texts, and so is every time, in nanoseconds since 1970.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import orjson

PATH: Final = "/v1/traces"
"""Where a collector takes traces, behind its address."""

MOST_SPANS: Final = 500
"""Spans in one request: collectors refuse bodies of some MiB."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OK: Final = 1
_ERROR: Final = 2
# Flags of a span: sampled, and whether its parent is another process's is not known (bits 8 and 9).
_SAMPLED: Final = 1

_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}): ?([\x21-\x7e][\x20-\x7e]{0,3999})")
_OURS: Final = ("connection", "content-length", "content-type", "host", "transfer-encoding", "user-agent")

type Value = str | int | float | bool | Sequence[str]


class MalformedHeader(ValueError):
    """This is no header that can be sent; the text says why."""


class SpanKind(IntEnum):
    """What a span is to its trace, by OTLP's numbers."""

    INTERNAL = 1
    CLIENT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanEvent:
    """Something that happened at one time within a span."""

    at: datetime
    name: str
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One span. Ids are hexadecimal, of 32 and 16 digits; `problem` None means that it went well."""

    trace_id: str
    span_id: str
    parent_id: str = ""
    name: str
    kind: SpanKind = SpanKind.INTERNAL
    began: datetime
    ended: datetime
    attributes: Mapping[str, Value] = field(default_factory=dict)
    events: Sequence[SpanEvent] = ()
    links: Sequence[tuple[str, str]] = ()
    problem: str | None = None


def requests(spans: Sequence[Span], *, resource: Mapping[str, Value], scope: str) -> list[bytes]:
    """Return the bodies that tell of `spans`, in their order, each of at most MOST_SPANS."""
    return [_request(spans[start : start + MOST_SPANS], resource, scope) for start in range(0, len(spans), MOST_SPANS)]


def test_requests(trace_id: str, at: datetime) -> list[bytes]:
    """Return a trace of one span, which only says that traces arrive."""
    span = Span(trace_id=trace_id, span_id=trace_id[:16], name="waxell.test", began=at, ended=at)
    return requests([span], resource={"service.name": "waxell"}, scope="waxell")


def endpoint(url: str) -> str:
    """Return where traces are posted to: `url`, with the usual path where it has none."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=PATH)) if parts.path in ("", "/") else url


def read_header(line: str) -> tuple[str, str]:
    """Return name and value of a header written `Name: value`. Raises MalformedHeader."""
    found = _HEADER.fullmatch(line)
    if found is None or found[1].lower() in _OURS:
        raise MalformedHeader("Write the header as `Name: value`, in ASCII; one of HTTP's own cannot be set.")
    return found[1], found[2]


def _request(spans: Sequence[Span], resource: Mapping[str, Value], scope: str) -> bytes:
    told = {"scope": {"name": scope}, "spans": [_span(span) for span in spans]}
    return orjson.dumps({"resourceSpans": [{"resource": {"attributes": _pairs(resource)}, "scopeSpans": [told]}]})


def _span(span: Span) -> dict[str, object]:
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent_id,
        "flags": _SAMPLED,
        "name": span.name,
        "kind": int(span.kind),
        "startTimeUnixNano": _nanoseconds(span.began),
        "endTimeUnixNano": _nanoseconds(span.ended),
        "attributes": _pairs(span.attributes),
        "events": [
            {"timeUnixNano": _nanoseconds(event.at), "name": event.name, "attributes": _pairs(event.attributes)}
            for event in span.events
        ],
        "links": [{"traceId": trace_id, "spanId": span_id} for trace_id, span_id in span.links],
        "status": {"code": _OK} if span.problem is None else {"code": _ERROR, "message": span.problem},
    }


def _pairs(attributes: Mapping[str, Value]) -> list[dict[str, object]]:
    return [{"key": name, "value": _value(value)} for name, value in attributes.items()]


def _value(value: Value) -> dict[str, object]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
    return {"arrayValue": {"values": _texts(value)}}


def _texts(values: Iterable[str]) -> list[dict[str, object]]:
    return [{"stringValue": value} for value in values]


def _nanoseconds(at: datetime) -> str:
    return str((at - _EPOCH) // timedelta(microseconds=1) * 1000)
