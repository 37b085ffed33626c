"""Is it alive, is it ready, and how much does it do: /healthz, /readyz, /metrics."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import orjson
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from waxell.lib import observing
from waxell.lib.db.calls import call_one
from waxell.lib.metering import meters
from waxell.lib.observing import Finding, Gauge

if TYPE_CHECKING:
    from prometheus_client import Metric
    from prometheus_client.registry import Collector

LOOPBACK = ("127.0.0.1", "::1")
FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP")


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """This process answers. It asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Look at everything that is needed: 503 where something is missing, one line for each check."""
    found = look()
    lines = [
        orjson.dumps(
            {
                "check": one.subject,
                "ok": one.holds,
                "needed": one.needed,
                "message": one.message,
                **one.figures,
            }
        )
        for one in found
    ]
    is_ready = all(one.holds or not (one.needed or one.fails) for one in found)
    body = b'{"ready": %s, "checks": [\n%s\n]}\n' % (orjson.dumps(is_ready), b",\n".join(lines))
    return HttpResponse(
        body,
        status=200 if is_ready else 503,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for this machine itself and for those whom the apps admit; others find nothing."""
    if not (is_local(request) or observing.admits(request)):
        return HttpResponse(status=404)
    # Through metering first: it chooses how the library works before the library is imported.
    counted = meters().registry
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    registry = CollectorRegistry()
    registry.register(cast("Collector", _Figures()))
    content = generate_latest(counted) + generate_latest(registry)
    return HttpResponse(content, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def look() -> list[Finding]:
    """Examine the database first: without it there is nothing else to ask."""
    try:
        return [look_at_database(), *observing.findings(), look_at_standby()]
    except (DatabaseError, InterfaceError):
        return [Finding(subject="database", holds=False, needed=True, message="cannot be reached, or not be read")]


def look_at_database() -> Finding:
    """Whether PostgreSQL answers. Raises Django's database errors."""
    version = call_one("SELECT current_setting('server_version') AS version").version
    return Finding(subject="database", holds=True, needed=True, message=f"PostgreSQL {version} answers")


def look_at_standby() -> Finding:
    """Whether an acknowledged write is on a second machine. Without one only this machine keeps it."""
    row = call_one(
        "SELECT current_setting('synchronous_standby_names') AS names, current_setting('synchronous_commit') AS waits"
    )
    if not row.names or row.waits in ("off", "local"):
        return Finding(
            subject="standby",
            holds=False,
            message="no synchronous standby: acknowledged writes survive a crash, not the loss of this server",
        )
    return Finding(subject="standby", holds=True, message=f"commits wait for {row.names}")


def is_local(request: HttpRequest) -> bool:
    """Tell whether the caller is on this machine. Behind a proxy everyone would seem to be."""
    forwarded = any(name in request.META for name in FORWARDED) or settings.WAXELL_BEHIND_PROXY
    return not forwarded and request.META.get("REMOTE_ADDR") in LOOPBACK


class _Figures:
    """The registered gauges in the form that prometheus_client collects."""

    def collect(self) -> "Iterable[Metric]":
        return [_family(gauge) for gauge in observing.gauges()]


def _family(gauge: Gauge) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels)
    for labels, value in gauge.values.items():
        family.add_metric(labels, value)
    return family
