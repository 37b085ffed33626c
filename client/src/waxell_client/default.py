"""The one client of a program that does not make its own."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from waxell_client.client import Client
from waxell_client.settings import address, key

Given = ParamSpec("Given")
Result = TypeVar("Result")

_lock = threading.Lock()
_configured: Client | None = None
_from_environment: Client | None = None


def configure(client: Client) -> None:
    """Make `client` the one that `execution` uses from now on."""
    global _configured  # noqa: PLW0603 - the one default of the process
    with _lock:
        _configured = client


def default_client() -> Client:
    """The configured client, else one of the environment. Raises NotConfigured."""
    global _from_environment  # noqa: PLW0603 - made once, and again where the environment has changed
    with _lock:
        if _configured is not None:
            return _configured
        made = _from_environment
        if made is None or (made.settings.url, made.settings.api_key) != (address(None), key(None)):
            made = _from_environment = Client()
        return made


def _of_default(method: Callable[Concatenate[Client, Given], Result]) -> Callable[Given, Result]:
    @wraps(method)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        return method(default_client(), *args, **kwargs)

    return call


execution = _of_default(Client.execution)
