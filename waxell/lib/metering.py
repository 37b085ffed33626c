"""Counting what processes do, for /metrics: across all processes of this machine, since they were started.

Each process writes files of its own in `WAXELL_HOME/metrics` (prometheus_client's multiprocess
mode); a scrape adds them up. Where nothing can be written there, a process tells only of itself.
"""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from waxell.lib.surfaces import is_api

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram, Metric

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meters:
    """The meters of this process, and the registry that tells of all processes."""

    registry: "CollectorRegistry"
    requests: "Histogram"
    decisions: "Counter"
    budget_refusals: "Counter"


@cache
def meters() -> Meters:
    """Make the meters at their first use: the library looks at the environment when it is imported."""
    directory = os.environ.get(VARIABLE) or str(Path(settings.WAXELL_HOME) / "metrics")
    try:
        Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
        shared = os.access(directory, os.W_OK)
    except OSError:
        shared = False
    if shared:
        os.environ[VARIABLE] = directory
    else:
        os.environ.pop(VARIABLE, None)
    from prometheus_client import CollectorRegistry, Counter, Histogram
    from prometheus_client.multiprocess import MultiProcessCollector

    class Reader(MultiProcessCollector):
        """Reads the files of all processes, but for one that was killed before it wrote anything."""

        def collect(self) -> "Iterable[Metric]":
            files = [path for path in Path(directory).glob("*.db") if path.stat().st_size]
            return cast("Iterable[Metric]", self.merge(map(str, files), accumulate=True))  # type: ignore[no-untyped-call]

    # In multiprocess mode the registry holds the reader of all files, never the meters themselves.
    registry = CollectorRegistry()
    own = None if shared else registry
    made = Meters(
        registry=registry,
        requests=Histogram(
            "waxell_request_seconds",
            "Duration of calls under /api/, by route.",
            ("route", "method", "status"),
            buckets=SECONDS,
            registry=own,
        ),
        decisions=Counter("waxell_decisions", "Recorded decisions, by verdict.", ("verdict",), registry=own),
        budget_refusals=Counter(
            "waxell_budget_refusals",
            "Recorded decisions that a budget had a part in refusing, by effect.",
            ("effect",),
            registry=own,
        ),
    )
    if shared:
        Reader(registry)  # type: ignore[no-untyped-call]
    return made


class MeterMiddleware:
    """Measures calls under /api/ by the name of their route, never by their address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_api(request):
            return self.get_response(request)
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = match.view_name if match is not None else "unknown"
        # A method that nobody knows is a text of the caller's own choosing.
        method = request.method if request.method in ("GET", "POST", "PUT", "DELETE") else "other"
        meters().requests.labels(route or "unnamed", method, f"{response.status_code // 100}xx").observe(
            time.perf_counter() - began
        )
        return response
