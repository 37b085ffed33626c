"""A door in front of Django: the one call that agents make before every act, while nothing is unusual.

Django's request, its resolver, middleware and signals cost as much as deciding. What the short road
allows is answered here; everything else (refusals, holds, errors, odd requests) goes through Django
as if this did not exist, so that each of them is written once.
"""

import io
import re
import time
from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware

from executions.api import inputs
from executions.api.rates import count_request
from executions.domain import tracing
from executions.domain.tracing import TraceContext
from executions.services.appending import Answer
from executions.services.callers import Caller
from executions.services.short_road import ShortRoad
from governance.domain.requests import retry_of
from governance.queries import keys
from waxell.lib import json_strict
from waxell.lib.errors import DomainError
from waxell.lib.metering import meters

type Environ = dict[str, Any]
type Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

ROUTE: Final = "executions_api:action_collection"
COUNTED: Final = "waxell.counted"
FAILURE: Final = "waxell.failure"
"""Members of the WSGI environment: this request was counted; it failed here, with this exception."""

_ADDRESS: Final = re.compile(r"/api/v1/executions/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/actions/")


class Door:
    """A WSGI application around Django's."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._headers = {secure: _headers(secure=secure) for secure in (False, True)}

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = time.perf_counter()
        match = _ADDRESS.fullmatch(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        answer = _answer(environ, match[1]) if match and _is_ordinary(environ) else None
        if answer is None:
            return self._application(environ, start_response)
        meters().requests.labels(ROUTE, "POST", "2xx").observe(time.perf_counter() - began)
        content = orjson.dumps(answer.body)
        headers = [*self._headers[_is_secure(environ)], ("Content-Length", str(len(content)))]
        if (trace := _trace(environ)) is not None:
            headers.append(("traceresponse", tracing.traceresponse(trace, *answer.entry)))
        start_response("200 OK", headers)
        return (content,)


def _answer(environ: Environ, execution_id: str) -> Answer | None:
    """What the short road answers; None leaves the request to Django, whole."""
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    environ["wsgi.input"] = io.BytesIO(body)
    parts = keys.split(environ["HTTP_AUTHORIZATION"].removeprefix("Bearer "))
    if parts is None:
        return None
    try:
        count_request(*parts)
        environ[COUNTED] = True
        json_strict.check_media_type(environ.get("CONTENT_TYPE", ""))
        document = json_strict.parse(body)
        return ShortRoad.of(
            caller=Caller(key_id=parts[0], secret=parts[1], trace=_trace(environ)),
            execution_id=UUID(execution_id),
            wanted=inputs.action(document),
            retry=retry_of(
                caller=parts[0],
                path=environ["PATH_INFO"],
                key=environ.get("HTTP_IDEMPOTENCY_KEY"),
                body=document,
            ),
        ).take()
    except DomainError:
        # Nothing has happened yet: Django meets the same again and answers it.
        return None
    except Exception as error:
        # It may have happened: Django only tells, and does not try again.
        environ[FAILURE] = error
        return None


def _trace(environ: Environ) -> TraceContext | None:
    return tracing.read_traceparent(environ.get("HTTP_TRACEPARENT"))


def _is_ordinary(environ: Environ) -> bool:
    """Tell whether all is there that this door relies on, and nothing that it does not know."""
    length = environ.get("CONTENT_LENGTH") or ""
    return (
        length.isdecimal()
        and int(length[:18]) <= json_strict.MAX_BYTES
        and "HTTP_TRANSFER_ENCODING" not in environ
        and environ.get("HTTP_AUTHORIZATION", "").startswith("Bearer ")
        and not environ.get("QUERY_STRING")
        and not environ.get("SCRIPT_NAME")
        # Whoever comes without TLS where TLS is asked for is sent away by Django.
        and (_is_secure(environ) or not settings.SECURE_SSL_REDIRECT)
    )


def _is_secure(environ: Environ) -> bool:
    header, value = settings.SECURE_PROXY_SSL_HEADER or ("", "")
    return bool(environ.get(header) == value) if header else environ["wsgi.url_scheme"] == "https"


def _headers(*, secure: bool) -> list[tuple[str, str]]:
    """Those of such an answer, with what Django's own middleware adds to it."""
    answer = HttpResponse(content_type="application/json", headers={"Cache-Control": "no-store"})
    chain = SecurityMiddleware(lambda request: answer)
    return list(chain.process_response(_Request(secure=secure), answer).items())


class _Request(HttpRequest):
    """As much of a request as decides about headers."""

    def __init__(self, *, secure: bool) -> None:
        super().__init__()
        self.is_secure = lambda: secure  # type: ignore[method-assign]
