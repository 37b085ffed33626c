"""A closed execution as OpenTelemetry's collectors take it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson

from executions.domain import spans, tracing
from executions.domain.spans import Origin
from executions.models import Execution
from governance.models import Project
from waxell.ledger.models import Entry
from waxell.outbox.domain import otlp


def requests(project_id: UUID, execution_id: UUID) -> list[bytes]:
    """Return the OTLP requests that tell of a closed execution: the same each time.

    Its trace is its caller's where the caller had one, else its parent's, else its own.
    """
    row = Execution.objects.get(project_id=project_id, pk=execution_id)
    project = Project.objects.only("slug").get(pk=project_id)
    trace_id, parent_id = _place(row)
    origin = Origin(
        execution=row.id,
        project=project.slug,
        agent=row.agent_slug,
        workflow=row.workflow_slug,
        vouched=row.vouched,
        parent=row.parent_id,
        trace_id=trace_id,
        parent_id=parent_id,
    )
    resource = {"service.name": row.agent_slug, "service.namespace": project.slug}
    if row.environment:
        resource["deployment.environment.name"] = row.environment
    return otlp.requests(spans.spans(origin, _bodies(row)), resource=resource, scope="waxell")


def _place(row: Execution) -> tuple[str, str]:
    """Return the trace that an execution belongs to, and the span in it that asked for the execution."""
    first = _first(row.project_id, row.id)
    if told := first.get("trace"):
        return told["trace_id"], told["span_id"]
    if row.parent_id is None:
        return tracing.trace_of(row.id), ""
    parent = Execution.objects.get(project_id=row.project_id, pk=row.parent_id)
    # Where another agent was asked, the span of asking; else that of the parent itself.
    asked = first["execution"].get("delegation", 1)
    return _place(parent)[0], tracing.span_of(parent.id, asked)


def _first(project_id: UUID, execution_id: UUID) -> dict[str, Any]:
    row = Entry.objects.get(project_id=project_id, stream=execution_id, seq=1)
    first: dict[str, Any] = orjson.loads(bytes(row.body))
    return first


def _bodies(row: Execution) -> Iterator[dict[str, Any]]:
    rows = Entry.objects.filter(project_id=row.project_id, stream=row.id).order_by("seq")
    for body in rows.values_list("body", flat=True).iterator(1000):
        yield orjson.loads(bytes(body))
