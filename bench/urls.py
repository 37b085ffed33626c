"""The product's addresses and a bare view, served by the same processes."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from waxell.urls import urlpatterns as product


def answer(request: HttpRequest) -> HttpResponse:
    """Read the body and say something: the least that any view must do."""
    return HttpResponse(b'{"read":%d}' % len(request.body), content_type="application/json")


# First, so that looking for it costs as little as it can.
urlpatterns = [path("api/bare/", answer), *product]
