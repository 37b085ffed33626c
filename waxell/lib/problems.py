"""Errors as RFC 9457 problem documents, for REST framework, plain views and unknown addresses.

One function, `problem_of`, knows which exception means what; everything else only renders it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from django.core import exceptions as django
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions as rest
from rest_framework.views import set_rollback

from waxell.lib.errors import DomainError

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1
AUTHENTICATE = 'Bearer realm="waxell"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem document: `type` is derived from `code`, `members` are its extra values."""

    status: int
    code: str
    title: str
    detail: str | None = None
    members: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """The document's members, the reserved ones last so that no extra can replace them."""
        reserved: dict[str, object] = {
            "type": f"urn:waxell:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
        }
        if self.detail:
            reserved["detail"] = self.detail
        return {**self.members, **reserved}


def problem_of(error: BaseException) -> Problem | None:
    """Return what to tell the caller about `error`; None for what nobody anticipated."""
    match error:
        case DomainError():
            return _of_domain_error(error)
        case rest.APIException():
            return _of_rest_error(error)
        case Http404() | django.ObjectDoesNotExist():
            return _plain(404, "not_found", "There is nothing here, or you may not see it.")
        case django.PermissionDenied():
            return _plain(403, "forbidden", "You may see this but not do that.")
        case django.RequestDataTooBig():
            return _plain(413, "payload_too_large", "The body is larger than accepted here.")
        case django.BadRequest() | django.SuspiciousOperation() | MultiPartParserError():
            return _plain(400, "bad_request", "The request is malformed.")
        case django.ValidationError():
            return Problem(
                status=400,
                code="invalid",
                title="Some values are not valid.",
                detail=" ".join(error.messages),
            )
        case OperationalError() | InterfaceError():
            return Problem(
                status=503,
                code="unavailable",
                title="The database cannot answer just now; try again shortly.",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        case _:
            return None


def respond(problem: Problem) -> HttpResponse:
    """Render a problem document."""
    headers = {"Cache-Control": "no-store", **problem.headers}
    if problem.status == 401:
        headers.setdefault("WWW-Authenticate", AUTHENTICATE)
    return HttpResponse(
        orjson.dumps(problem.document(), default=str),
        status=problem.status,
        content_type=CONTENT_TYPE,
        headers=headers,
    )


def problem_response(error: DomainError) -> HttpResponse:
    """Render a domain error, for plain Django views."""
    return respond(_of_domain_error(error))


def handle_exception(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """REST framework's `EXCEPTION_HANDLER`; None lets the unanticipated rise."""
    problem = problem_of(error)
    if problem is None:
        return None
    set_rollback()
    return respond(problem)


class ProblemMiddleware:
    """Answers errors that leave a plain Django view under /api/ as problem documents."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not is_api(request):
            return None
        problem = problem_of(error)
        return None if problem is None else respond(problem)


def is_api(request: HttpRequest) -> bool:
    """Tell whether the caller is a program that reads JSON."""
    return request.path_info.startswith("/api/")


def not_found(request: HttpRequest) -> HttpResponse:
    """The answer of an unknown address under /api/."""
    return respond(_plain(404, "not_found", "There is nothing here, or you may not see it."))


def server_error(request: HttpRequest) -> HttpResponse:
    """The answer under /api/ to an error that nobody anticipated; it tells nothing about it."""
    return respond(_plain(500, "server_error", "Something went wrong here. It has been logged."))


def _of_domain_error(error: DomainError) -> Problem:
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.status == 503:
        headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    return Problem(
        status=error.status,
        code=error.code,
        title=error.title(),
        detail=error.detail,
        members=error.members,
        headers=headers,
    )


_REST_CODES = {
    rest.NotAuthenticated: "unauthenticated",
    rest.AuthenticationFailed: "unauthenticated",
    rest.PermissionDenied: "forbidden",
    rest.NotFound: "not_found",
    rest.MethodNotAllowed: "method_not_allowed",
    rest.NotAcceptable: "not_acceptable",
    rest.UnsupportedMediaType: "unsupported_media_type",
    rest.Throttled: "too_many_requests",
    rest.ParseError: "malformed_json",
    rest.ValidationError: "invalid",
}


def _of_rest_error(error: rest.APIException) -> Problem:
    headers: dict[str, str] = {}
    members: dict[str, object] = {}
    detail: str | None = None
    if isinstance(error, rest.ValidationError):
        members["errors"] = error.detail
    elif isinstance(error.detail, str):
        detail = str(error.detail)
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    wait = getattr(error, "wait", None)
    if isinstance(error, rest.Throttled) and wait is not None:
        headers["Retry-After"] = str(math.ceil(wait))
    code = next((c for kind, c in _REST_CODES.items() if isinstance(error, kind)), "error")
    phrase = HTTPStatus(error.status_code).phrase
    return Problem(
        status=error.status_code,
        code=code,
        title=f"{phrase}.",
        detail=detail,
        members=members,
        headers=headers,
    )


def _plain(status: int, code: str, title: str) -> Problem:
    return Problem(status=status, code=code, title=title)
