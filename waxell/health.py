"""Liveness: this process answers. Readiness looks further and lives at /readyz."""

from django.http import HttpRequest, HttpResponse


def live(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})
