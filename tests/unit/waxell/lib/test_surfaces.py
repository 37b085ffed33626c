import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from waxell.lib.surfaces import ConsoleMiddleware


class Marking:
    """Marks what it saw, and refuses views on /forbidden."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["X-Console"] = "yes"
        return response

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        return HttpResponse(status=403) if request.path == "/forbidden" else None


class Catching(Marking):
    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        """A hook that a nested chain would silently never call."""


def chain(*names: str) -> ConsoleMiddleware:
    with override_settings(CONSOLE_MIDDLEWARE=[f"{__name__}.{name}" for name in names]):
        return ConsoleMiddleware(lambda request: HttpResponse("answer"))


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import ModuleType

    module = ModuleType(__name__)
    module.Marking, module.Catching = Marking, Catching
    monkeypatch.setitem(sys.modules, __name__, module)


@pytest.mark.parametrize(
    ("path", "marked"),
    [("/", True), ("/apix/", True), ("/policies/api/", True), ("/api/", False), ("/api/v1/x/", False)],
)
def test_console_middleware_runs_outside_the_api_only(path: str, marked: bool) -> None:
    assert chain("Marking")(RequestFactory().get(path)).has_header("X-Console") is marked


def test_view_hooks_run_for_the_console_only() -> None:
    middleware = chain("Marking")
    assert middleware.process_view(RequestFactory().get("/forbidden"), None, (), {}).status_code == 403
    assert middleware.process_view(RequestFactory().get("/allowed"), None, (), {}) is None
    assert middleware.process_view(RequestFactory().get("/api/forbidden"), None, (), {}) is None


def test_middleware_with_a_hook_it_would_not_call_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="process_exception"):
        chain("Catching")
