"""Every error that a caller may meet is one kind of document."""

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpResponse
from rest_framework import exceptions as rest

from waxell.lib import problems
from waxell.lib.errors import DomainError
from waxell.lib.json_strict import PayloadTooLarge


class BudgetClosed(DomainError):
    """This budget is closed."""

    code = "budget_closed"
    status = 409


def answer(error: Exception) -> HttpResponse:
    problem = problems.problem_of(error)
    assert problem is not None
    return problems.respond(problem)


def test_a_domain_error_says_what_and_why() -> None:
    response = problems.problem_response(BudgetClosed("Since March.", retry_after=7, record={"n": 1}, status="x"))
    assert response.status_code == 409
    assert response["Content-Type"] == "application/problem+json"
    assert response["Retry-After"] == "7"
    assert json.loads(response.content) == {
        "type": "urn:waxell:problem:budget_closed",
        "title": "This budget is closed.",
        "status": 409,
        "code": "budget_closed",
        "detail": "Since March.",
        "record": {"n": 1},
    }


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "forbidden"),
        (PayloadTooLarge(), 413, "payload_too_large"),
        (rest.NotAuthenticated(), 401, "unauthenticated"),
        (rest.PermissionDenied(), 403, "forbidden"),
        (rest.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (rest.NotAcceptable(), 406, "not_acceptable"),
        (rest.UnsupportedMediaType("text/x"), 415, "unsupported_media_type"),
        (rest.ValidationError({"a": ["b"]}), 400, "invalid"),
        (rest.Throttled(wait=2.1), 429, "too_many_requests"),
        (OperationalError("secret host"), 503, "unavailable"),
    ],
)
def test_errors_of_the_frameworks_have_a_code(error: Exception, status: int, code: str) -> None:
    response = answer(error)
    document = json.loads(response.content)
    assert (response.status_code, document["status"], document["code"]) == (status, status, code)
    assert "secret" not in response.content.decode()


def test_who_is_not_known_learns_how_to_say_it() -> None:
    assert answer(rest.NotAuthenticated())["WWW-Authenticate"].startswith("Bearer")


def test_waiting_is_told_in_whole_seconds() -> None:
    assert answer(rest.Throttled(wait=2.1))["Retry-After"] == "3"
    assert answer(OperationalError())["Retry-After"] == "1"


def test_the_unanticipated_rises() -> None:
    assert problems.handle_exception(ZeroDivisionError(), {}) is None
