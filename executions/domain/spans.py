"""A closed record as a trace: one span for the execution, and one for each thing that it asked to do.

Attributes are those of OpenTelemetry's conventions for generative AI where there is one
(https://opentelemetry.io/docs/specs/semconv/gen-ai/), the rest begin with `waxell.`. Nothing that is
a payload of the ledger is among them: no arguments, no outputs, no comments.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from executions.domain.states import State
from executions.domain.tracing import TraceContext, span_of
from governance.domain.kinds import LIFECYCLE_KINDS, Kind
from governance.domain.verdicts import Verdict
from waxell.lib.money import format_usd
from waxell.lib.times import parse_time
from waxell.outbox.domain.otlp import Span, SpanEvent, SpanKind, Value

_OPERATIONS: Final = {
    Kind.MODEL_CALL: ("chat", "gen_ai.request.model"),
    Kind.TOOL_CALL: ("execute_tool", "gen_ai.tool.name"),
    Kind.AGENT_DELEGATE: ("invoke_agent", "gen_ai.agent.name"),
}
_FINE: Final = (State.COMPLETED, State.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The execution that a trace tells of, and the span that it belongs under: the caller's or its parent's."""

    execution: UUID
    project: str
    agent: str
    workflow: str
    vouched: str
    parent: UUID | None
    trace_id: str
    parent_id: str = ""


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What has been read so far."""

    origin: Origin
    root: Span
    actions: dict[int, Span] = field(default_factory=dict)
    events: list[SpanEvent] = field(default_factory=list)


def spans(origin: Origin, entries: Iterable[Mapping[str, Any]]) -> list[Span]:
    """Return the spans of a closed execution, its own first, from the bodies of its entries in order."""
    reading: _Reading | None = None
    for body in entries:
        at = parse_time(body["at"])
        if reading is None:
            reading = _Reading(origin=origin, root=_root(origin, at))
        match body["type"]:
            case "action.decided" if body["action"]["kind"] in LIFECYCLE_KINDS:
                reading.events.append(_told(body["action"]["kind"], body, at))
            case "action.decided":
                reading.actions[body["seq"]] = _action(reading, body, at)
            case "action.resulted":
                _settle(reading.actions, body, at)
            case "approval.decided":
                _answer(reading, body, at)
            case "execution.closed":
                return list(_closed(reading, body, at))
    raise ValueError("The execution is not closed.")


def _root(origin: Origin, at: datetime) -> Span:
    return Span(
        trace_id=origin.trace_id,
        span_id=span_of(origin.execution, 1),
        parent_id=origin.parent_id,
        name=f"invoke_agent {origin.agent}",
        began=at,
        ended=at,
        attributes={
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": origin.agent,
            "gen_ai.conversation.id": str(origin.execution),
            "waxell.project": origin.project,
            "waxell.execution": str(origin.execution),
            "waxell.workflow": origin.workflow,
            "waxell.vouched": origin.vouched,
            **({"waxell.parent": str(origin.parent)} if origin.parent else {}),
        },
    )


def _action(reading: _Reading, body: Mapping[str, Any], at: datetime) -> Span:
    kind, resource = Kind(body["action"]["kind"]), body["action"]["resource"]
    operation, named = _OPERATIONS.get(kind, (kind.value, "waxell.resource"))
    decision = body["decision"]
    refused = decision["verdict"] in (Verdict.DENY, Verdict.HALT)
    asked = TraceContext(**body["trace"]) if body.get("trace") else None
    within = asked is not None and asked.trace_id == reading.root.trace_id
    return Span(
        trace_id=reading.root.trace_id,
        span_id=span_of(reading.origin.execution, body["seq"]),
        parent_id=asked.span_id if asked is not None and within else reading.root.span_id,
        name=f"{operation} {resource}",
        kind=SpanKind.CLIENT if kind is Kind.MODEL_CALL else SpanKind.INTERNAL,
        began=at,
        ended=at,
        attributes={
            "gen_ai.operation.name": operation,
            named: resource,
            "waxell.kind": kind.value,
            **_decided(body),
            **({"error.type": decision["reasons"][0]["code"]} if refused else {}),
        },
        links=[(asked.trace_id, asked.span_id)] if asked is not None and not within else [],
        problem=_because(decision) if refused else None,
    )


def _settle(actions: dict[int, Span], body: Mapping[str, Any], at: datetime) -> None:
    """End the span of the action that a result is about."""
    usage = body["usage"]
    told: dict[str, Value] = {"waxell.status": body["status"], "waxell.usage.known": usage["known"]}
    for name, attribute in (
        ("tokens_in", "gen_ai.usage.input_tokens"),
        ("tokens_out", "gen_ai.usage.output_tokens"),
        ("model", "gen_ai.response.model"),
    ):
        if usage.get(name) is not None:
            told[attribute] = usage[name]
    if usage.get("cost_micros") is not None:
        told["waxell.usd"] = format_usd(usage["cost_micros"])
    failed = body["status"] == "error"
    if failed:
        told["error.type"] = "_OTHER"
    action = actions[body["about"]]
    actions[body["about"]] = replace(
        action,
        ended=at,
        attributes={**action.attributes, **told},
        problem="The agent says that it failed." if failed else None,
    )


def _answer(reading: _Reading, body: Mapping[str, Any], at: datetime) -> None:
    """End the span of the action that waited for a person; a held admission waited within the execution's own."""
    event = SpanEvent(at=at, name="approval.decided", attributes={"waxell.approval.outcome": body["outcome"]})
    held = reading.actions.get(body["about"])
    if held is None:
        reading.events.append(event)
        return
    refused = "decision" in body
    reading.actions[body["about"]] = replace(
        held,
        ended=at,
        events=[*held.events, event],
        attributes={**held.attributes, **({"error.type": body["decision"]["reasons"][0]["code"]} if refused else {})},
        problem=_because(body["decision"]) if refused else None,
    )


def _closed(reading: _Reading, body: Mapping[str, Any], at: datetime) -> Iterator[Span]:
    outcome, cause, totals = body["outcome"], body["cause"], body["totals"]
    attributes: dict[str, Value] = {
        "waxell.state": outcome,
        "waxell.usd": format_usd(totals["spent_micros"]),
        "waxell.tokens": totals["tokens"],
        "waxell.refusals": totals["refusals"],
        "waxell.unresolved": totals["unresolved"],
        "waxell.governance_states": [seen["digest"] for seen in body["governance_states"]],
    }
    if outcome not in _FINE:
        attributes["error.type"] = cause["code"] if cause else outcome
    yield replace(
        reading.root,
        ended=at,
        events=reading.events,
        attributes={**reading.root.attributes, **attributes},
        problem=None if outcome in _FINE else (cause["message"] if cause else outcome),
    )
    yield from reading.actions.values()


def _told(name: str, body: Mapping[str, Any], at: datetime) -> SpanEvent:
    return SpanEvent(at=at, name=name, attributes=_decided(body))


def _decided(body: Mapping[str, Any]) -> dict[str, Value]:
    """What is told of each decision: the verdict, the rules behind it, where it is on record."""
    rules = [f"{reason['policy']}/{reason['rule']}" for reason in body["decision"]["reasons"] if reason.get("rule")]
    return {
        "waxell.seq": body["seq"],
        "waxell.verdict": body["decision"]["verdict"],
        "waxell.governance_state": body["state"],
        **({"waxell.rules": rules} if rules else {}),
    }


def _because(decision: Mapping[str, Any]) -> str:
    return str(decision["reasons"][0]["message"])
