"""Pages that stay current: fragments asked for again and again, without a held thread."""

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from waxell.lib.htmx import wants_fragment


def live(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Answer a poll with 304 where the fragment is the one that the browser has already."""
    if not wants_fragment(request):
        return response
    return _conditional(request, hashlib.sha256(response.content).hexdigest(), lambda: response)


def live_while(request: HttpRequest, version: object, render: Callable[[], HttpResponse]) -> HttpResponse:
    """Like `live`, where `version` says whether anything on the page moved: a 304 renders nothing."""
    if not wants_fragment(request):
        return render()
    return _conditional(request, hashlib.sha256(repr(version).encode()).hexdigest(), render)


def _conditional(request: HttpRequest, digest: str, render: Callable[[], HttpResponse]) -> HttpResponse:
    headers = {"ETag": f'"{digest[:32]}"', "Cache-Control": "private, no-cache", "Vary": "HX-Request, Cookie"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return HttpResponseNotModified(headers=headers)
    response = render()
    for name, value in headers.items():
        response[name] = value
    return response
