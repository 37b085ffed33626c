"""Whose trace a call belongs to: the W3C's Trace Context (https://www.w3.org/TR/trace-context/)."""

import hashlib
import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
# What a version 00 has, and nothing behind it.
_CHARACTERS: Final = 55


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceContext:
    """A span of somebody's trace: 32 and 16 hexadecimal digits."""

    trace_id: str
    span_id: str

    def document(self) -> dict[str, str]:
        """The span as an entry names it."""
        return {"trace_id": self.trace_id, "span_id": self.span_id}


def read_traceparent(header: str | None) -> TraceContext | None:
    """Return the caller's span. None without a header, and for one that the standard says to ignore."""
    found = _TRACEPARENT.fullmatch(header) if header else None
    if found is None or ((header or "").startswith("00-") and len(header or "") != _CHARACTERS):
        return None
    return TraceContext(trace_id=found[1], span_id=found[2])


def trace_of(execution: UUID) -> str:
    """Return the trace of an execution that nobody's trace began."""
    return execution.hex


def span_of(execution: UUID | str, seq: int) -> str:
    """Return the span of what was decided in one entry, the same whenever it is told of."""
    return hashlib.sha256(f"{execution}/{seq}".encode()).hexdigest()[:16]


def traceresponse(context: TraceContext, execution: UUID | str, seq: int) -> str:
    """Return where the caller finds the decision in its own trace, as its `traceparent` would be written."""
    return f"00-{context.trace_id}-{span_of(execution, seq)}-01"
