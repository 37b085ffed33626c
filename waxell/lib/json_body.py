"""Request bodies, through the strict parser, for Django views and for REST framework."""

from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from rest_framework.parsers import BaseParser

from waxell.lib import json_strict
from waxell.lib.errors import DomainError


class BodyLost(DomainError):
    """The body ended before all of it had arrived."""

    code = "body_lost"
    status = 400


def read_json(request: HttpRequest, max_bytes: int = json_strict.MAX_BYTES) -> object:
    """Return the JSON body of a plain Django request; an empty body is an empty object.

    Raises UnsupportedMediaType, PayloadTooLarge, MalformedJson, BodyLost.
    """
    _check_length(request.META, max_bytes)
    try:
        body = request.read(max_bytes + 1)
    except RequestDataTooBig as error:
        raise json_strict.PayloadTooLarge() from error
    except UnreadablePostError as error:
        raise BodyLost() from error
    if not body:
        return {}
    json_strict.check_media_type(request.META.get("CONTENT_TYPE", ""))
    return json_strict.parse(body, max_bytes)


class StrictJSONParser(BaseParser):
    """REST framework's JSON parser, strict. An empty body is an empty object."""

    media_type = "application/json"
    max_bytes = json_strict.MAX_BYTES

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        json_strict.check_media_type(media_type or self.media_type)
        if parser_context and (request := parser_context.get("request")) is not None:
            _check_length(request.META, self.max_bytes)
        try:
            body = stream.read(self.max_bytes + 1)
        except UnreadablePostError as error:
            raise BodyLost() from error
        return json_strict.parse(body, self.max_bytes) if body else {}


def _check_length(meta: Mapping[str, Any], max_bytes: int) -> None:
    length = str(meta.get("CONTENT_LENGTH") or "0")
    if length.isdecimal() and int(length[:18]) > max_bytes:
        raise json_strict.PayloadTooLarge(f"At most {max_bytes} bytes are accepted.")
