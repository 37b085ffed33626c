"""Two surfaces, two middleware chains: what only browsers need does not slow agents down."""

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string

type Handler = Callable[[HttpRequest], HttpResponseBase]
type ViewHook = Callable[..., HttpResponseBase | None]

API_PREFIX = "/api/"
# Django calls these on middleware it loaded itself; a nested chain would have to imitate it.
UNSUPPORTED_HOOKS = ("process_exception", "process_template_response")


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(API_PREFIX)


class ConsoleMiddleware:
    """Run `settings.CONSOLE_MIDDLEWARE`, view hooks included, for every path outside `/api/`."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.view_hooks: list[ViewHook] = []
        handler = cast(Handler, convert_exception_to_response(get_response))
        for path in reversed(settings.CONSOLE_MIDDLEWARE):
            middleware = import_string(path)(handler)
            for hook in UNSUPPORTED_HOOKS:
                if hasattr(middleware, hook):
                    raise ImproperlyConfigured(
                        f"{path} has {hook}(): name it in MIDDLEWARE, not in CONSOLE_MIDDLEWARE."
                    )
            if hasattr(middleware, "process_view"):
                self.view_hooks.insert(0, middleware.process_view)
            handler = cast(Handler, convert_exception_to_response(middleware))
        self.console = handler

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request) if is_api(request) else self.console(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if is_api(request):
            return None
        for hook in self.view_hooks:
            response = hook(request, view, args, kwargs)
            if response is not None:
                return response
        return None
