"""Reading a refused request to its end, so that its connection can carry the next one.

A request may be refused before its body is read: without a key, beyond its rate, at an address that
does not exist. The server then drops the connection, and a client that reuses it meets nothing.
"""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponseBase, UnreadablePostError

AT_MOST: Final = 256 * 1024
"""Bytes that are read for courtesy. Longer bodies cost their sender the connection, and are told so."""


class ReadToEndMiddleware:
    """Reads what a refusal left unread, or announces that the connection ends."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code >= 400 and not _read_to_end(request):
            response["Connection"] = "close"
        return response


def _read_to_end(request: HttpRequest) -> bool:
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if "HTTP_TRANSFER_ENCODING" in request.META or not length.isdecimal() or int(length[:18]) > AT_MOST:
        return False
    try:
        # At the end, or where the body is in memory already, this returns nothing.
        request.read(AT_MOST)
    except (UnreadablePostError, OSError, ValueError):
        return False
    return True
