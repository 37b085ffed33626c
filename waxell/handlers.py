"""What is answered where no view answers: a problem document under `/api/`, a page elsewhere."""

from django.http import HttpRequest, HttpResponseBase
from django.views import defaults

from waxell.lib import problems


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """A request that Django itself refuses."""
    problem = problems.problem_of(exception)
    if problems.is_api(request) and problem is not None:
        return problems.respond(problem)
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """An unknown address."""
    return problems.not_found(request) if problems.is_api(request) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """An error that nobody anticipated."""
    return problems.server_error(request) if problems.is_api(request) else defaults.server_error(request)
