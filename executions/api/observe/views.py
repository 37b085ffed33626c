"""What every call of the `waxell-observe` protocol begins with."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema

from executions.api.views import GateView
from executions.services.callers import Caller, InsufficientScope
from governance.api.authentication import key_text
from governance.domain.requests import Retry
from governance.models import ApiKey
from governance.queries import keys

unlisted: Final = extend_schema(exclude=True)
"""The OpenAPI document is our contract; this protocol is another's, described in `docs/ways-in/`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: who sends it, its body, and what makes a second one the same."""

    caller: Caller
    key: ApiKey
    body: object
    retry: Retry | None


class ObserveView(GateView):
    """A call with a key that may execute."""

    def begin(self, request: HttpRequest) -> Call:
        """Authenticate, count and parse.

        Raises Unauthenticated, InsufficientScope, TooManyRequests and what the parser does.
        """
        caller, body, retry = self.enter(request)
        key = keys.authenticate(key_text(request))
        if ApiKey.Scope.EXECUTE not in key.scopes:
            raise InsufficientScope("This call needs a key with the scope execute.")
        return Call(caller=caller, key=key, body=body, retry=retry)
