"""The span that is active where something is asked, for programs that use OpenTelemetry; nothing for all others."""

import importlib
from collections.abc import MutableMapping
from typing import Any, Protocol, cast


class _Propagator(Protocol):
    def inject(self, carrier: MutableMapping[str, str]) -> Any: ...


def _find_propagator() -> _Propagator | None:
    try:
        tracecontext: Any = importlib.import_module("opentelemetry.trace.propagation.tracecontext")
    except ImportError:
        return None
    return cast(_Propagator, tracecontext.TraceContextTextMapPropagator())


# The W3C's own, whatever the program has set for its other calls: it is what Waxell reads.
_propagator = _find_propagator()


def trace_headers() -> dict[str, str]:
    """Return `traceparent` of the active span; nothing where there is none, or no OpenTelemetry."""
    carrier: dict[str, str] = {}
    if _propagator is not None:
        _propagator.inject(carrier)
    # What other vendors say in `tracestate` is not for a record.
    return {name: value for name, value in carrier.items() if name == "traceparent"}
