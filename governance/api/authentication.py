"""Who calls: an API key in a header, never in an address."""

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from governance.models import ApiKey, Person
from governance.queries import keys as queries
from governance.services import keys
from waxell.lib.errors import DomainError, Unauthenticated


class KeyInAddress(DomainError):
    """Keys are sent in a header: addresses are kept in logs and histories. Revoke this one."""

    code = "key_in_address"
    status = 400


class KeyAuthentication(BaseAuthentication):
    """`request.auth` is the key, `request.user` the person who answers for it."""

    def authenticate(self, request: Request) -> tuple[Person, ApiKey]:
        key = queries.authenticate(key_text(request._request))
        keys.note_use(key)
        return key.accountable, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="waxell"'


def key_text(request: HttpRequest) -> str:
    """Return the key as it was sent, in `Authorization: Bearer …` or `X-Wax-Key`.

    Raises Unauthenticated where there is none, KeyInAddress.
    """
    if "wxk_" in request.META.get("QUERY_STRING", ""):
        raise KeyInAddress()
    scheme, _, credentials = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer" and credentials:
        return str(credentials.strip())
    if given := request.META.get("HTTP_X_WAX_KEY"):
        return str(given.strip())
    raise Unauthenticated()
