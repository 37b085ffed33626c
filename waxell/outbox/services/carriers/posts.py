"""HTTP: one POST, whose answer is its status and nothing more."""

import time
from collections.abc import Mapping
from typing import Final

import httpcore2
from django.conf import settings

from waxell.outbox.domain import addresses
from waxell.outbox.domain.addresses import Allowed, ForbiddenAddress, MalformedAddress
from waxell.outbox.services.carriers import Arrived, NotCarried
from waxell.outbox.services.carriers.network import PublicNetwork

SECONDS: Final = 15.0
"""The whole attempt: connecting, sending and the answer's head."""

GONE: Final = 410


def post(url: str, *, content: bytes, headers: Mapping[str, str], allowed: Allowed) -> Arrived:
    """Post `content` as JSON; every status from 200 to 299 means that it was taken. Raises NotCarried.

    No redirect is followed, no proxy of the environment is used, and no body of an answer is read.
    """
    try:
        addresses.read_url(url, allowed=allowed, insecure=settings.INSECURE)
        status, answered = _exchange(url, content, headers, allowed)
    except (ForbiddenAddress, MalformedAddress) as error:
        raise NotCarried(str(error)) from error
    except httpcore2.TimeoutException as error:
        raise NotCarried(f"No answer within {SECONDS:.0f} seconds.") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
        raise NotCarried(f"The connection failed: {error or type(error).__name__}") from error
    if 200 <= status <= 299:
        return Arrived(status=status)
    problem = f"Answered {status}."
    if 300 <= status <= 399:
        problem = f"Answered {status}: redirects are not followed."
    raise NotCarried(
        problem, status=status, retry_after=_seconds(answered.get(b"retry-after", b"")), final=status == GONE
    )


def _exchange(
    url: str, content: bytes, headers: Mapping[str, str], allowed: Allowed
) -> tuple[int, Mapping[bytes, bytes]]:
    network = PublicNetwork(allowed=allowed, until=time.monotonic() + SECONDS)
    sent = {"content-type": "application/json", "user-agent": "Waxell", "connection": "close", **headers}
    with (
        httpcore2.ConnectionPool(ssl_context=httpcore2.default_ssl_context(), network_backend=network) as pool,
        pool.stream("POST", url, headers=list(sent.items()), content=content) as response,
    ):
        return response.status, {name.lower(): value for name, value in response.headers}


def _seconds(text: bytes) -> int:
    """Return what Retry-After asks for; 0 for a date, which the usual pauses come near enough."""
    return int(text) if text.isdigit() and len(text) < 9 else 0
