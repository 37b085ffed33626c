"""Who may come in: the key, the server that is meant, and from where a browser sends somebody."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from executions.api.rates import count_request
from executions.services.callers import Caller, InsufficientScope
from governance.models import ApiKey, McpServer
from governance.queries import keys
from waxell.lib.errors import DomainError, Forbidden, Invalid, NotFound, Unauthenticated

EXECUTION: Final = "x-waxell-execution"
FENCE: Final = "x-waxell-fence"
"""Headers by which an agent names a running execution of its own that its calls belong to."""

_ADDRESS: Final = re.compile(r"/mcp/([A-Za-z0-9_-]{1,63})/?")

type Headers = dict[str, str]


class HostRefused(DomainError):
    """This server does not answer under that name."""

    code = "host_refused"
    status = 421


class OriginRefused(Forbidden):
    """Pages of that origin may not call the gateway."""

    code = "origin_refused"


class AgentKeyNeeded(Forbidden):
    """The gateway acts for an agent: use a key of one."""

    code = "agent_key_needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An execution that the caller drives itself, and the fence that proves it."""

    execution_id: UUID
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """One request's key, agent and server."""

    caller: Caller
    agent_id: UUID
    server: McpServer
    named: Named | None

    @property
    def identity(self) -> str:
        """What a session belongs to: it is nobody else's, and no other server's."""
        return f"{self.caller.key_id} {self.server.pk}"


def check_place(headers: Headers, *, scheme: str) -> None:
    """Look at where a request is from, before anything else is. Raises HostRefused, OriginRefused.

    MCP asks for this: a page that a person visits may otherwise reach a gateway on their machine.
    """
    host = headers.get("host", "")
    name, _ = split_domain_port(host)
    if not name or not validate_host(name, settings.ALLOWED_HOSTS):
        raise HostRefused()
    forwarded = headers.get("x-forwarded-proto") if settings.WAXELL_BEHIND_PROXY else None
    if not settings.INSECURE and (forwarded or scheme) != "https":
        raise Forbidden("Keys are sent over https only.")
    origin = headers.get("origin")
    if origin is not None and origin not in _origins():
        raise OriginRefused()


def server_slug(path: str) -> str | None:
    """Return the server that an address is of; None for one that is none of ours."""
    match = _ADDRESS.fullmatch(path)
    return match[1] if match else None


def admit(headers: Headers, slug: str) -> Visitor:
    """Return who calls which server. Asks the database.

    Raises Unauthenticated, TooManyRequests, InsufficientScope, AgentKeyNeeded, NotFound, Invalid.
    """
    plain = headers.get("x-wax-key") or headers.get("authorization", "").removeprefix("Bearer ")
    parts = keys.split(plain)
    if parts is None:
        raise Unauthenticated()
    count_request(*parts)
    key = keys.authenticate(plain)
    if ApiKey.Scope.EXECUTE not in key.scopes:
        raise InsufficientScope("The gateway needs a key with the scope execute.")
    if key.agent_id is None:
        raise AgentKeyNeeded()
    server = McpServer.objects.filter(project_id=key.project_id, slug=slug, active=True).first()
    if server is None:
        raise NotFound()
    return Visitor(
        caller=Caller(key_id=parts[0], secret=parts[1], gateway=True),
        agent_id=key.agent_id,
        server=server,
        named=_named(headers),
    )


def _named(headers: Headers) -> Named | None:
    execution, fence = headers.get(EXECUTION), headers.get(FENCE)
    if execution is None and fence is None:
        return None
    try:
        return Named(execution_id=UUID(execution or ""), fence=int((fence or "")[:18]))
    except ValueError as error:
        raise Invalid(f"An execution is named by {EXECUTION}, its id, and {FENCE}, a number.") from error


def _origins() -> set[str]:
    own = urlsplit(settings.WAXELL_PUBLIC_URL)
    return {*settings.CSRF_TRUSTED_ORIGINS, f"{own.scheme}://{own.netloc}"}
