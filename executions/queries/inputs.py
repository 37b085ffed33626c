"""What an execution was given to work on."""

from typing import Any
from uuid import UUID

import orjson

from waxell.ledger.models import Entry, Payload

# The admission's entry opens the stream, and the input lies beside it.
FIRST = 1


def of_execution(project_id: UUID, execution_id: UUID) -> Any:
    """Return the execution's input, parsed; `{}` where it has none."""
    content = content_of(project_id, execution_id, FIRST, "input")
    return {} if content is None else orjson.loads(content)


def content_of(project_id: UUID, execution_id: UUID, seq: int, name: str) -> bytes | None:
    """Return what lies beside an entry under a name, canonical JSON; None where nothing does, or does no longer."""
    content = (
        Payload.objects.filter(project_id=project_id, stream=execution_id, seq=seq, name=name)
        .values_list("content", flat=True)
        .first()
    )
    return None if content is None else bytes(content)


def header_of(project_id: UUID, execution_id: UUID) -> dict[str, Any]:
    """Return what the admission's entry says of the execution."""
    body = Entry.objects.values_list("body", flat=True).get(project_id=project_id, stream=execution_id, seq=FIRST)
    header: dict[str, Any] = orjson.loads(bytes(body))["execution"]
    return header
