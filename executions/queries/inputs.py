"""What an execution was given to work on."""

from typing import Any
from uuid import UUID

import orjson

from waxell.ledger.models import Payload

# The admission's entry opens the stream, and the input lies beside it.
FIRST = 1


def of_execution(project_id: UUID, execution_id: UUID) -> Any:
    """Return the execution's input, parsed; `{}` where it has none."""
    content = (
        Payload.objects.filter(project_id=project_id, stream=execution_id, seq=FIRST, name="input")
        .values_list("content", flat=True)
        .first()
    )
    return {} if content is None else orjson.loads(bytes(content))
