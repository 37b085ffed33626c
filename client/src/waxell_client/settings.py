"""How a client reaches Waxell and what it does where there is no plain yes or no."""

import os
from dataclasses import dataclass, field
from typing import Literal

import httpx

from waxell_client.errors import NotConfigured

OnHold = Literal["wait", "raise"]
OnUnreachable = Literal["refuse", "allow"]

SHORTEST_LEASE_SECONDS = 10
LONGEST_LEASE_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one client works with.

    `patience_seconds` bounds how long one call is tried again, `request_timeout_seconds` one try of
    it. `hold_timeout_seconds` bounds the wait for a person; None waits until the approval expires.
    `heartbeat_seconds` is how soon a stop is heard of while the agent is silent.
    """

    url: str
    api_key: str = field(repr=False)
    on_hold: OnHold = "wait"
    hold_timeout_seconds: float | None = None
    on_unreachable: OnUnreachable = "refuse"
    patience_seconds: float = 30.0
    request_timeout_seconds: float = 10.0
    lease_seconds: int = 300
    heartbeat_seconds: float = 15.0

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")) or not httpx.URL(self.url).host:
            raise NotConfigured(f"WAXELL_URL is an address with http:// or https://, not {self.url!r}.")
        if self.on_hold not in ("wait", "raise"):
            raise NotConfigured('on_hold is "wait" or "raise".')
        if self.on_unreachable not in ("refuse", "allow"):
            raise NotConfigured('on_unreachable is "refuse" or "allow".')
        if not SHORTEST_LEASE_SECONDS <= self.lease_seconds <= LONGEST_LEASE_SECONDS:
            raise NotConfigured(f"lease_seconds is {SHORTEST_LEASE_SECONDS} to {LONGEST_LEASE_SECONDS}.")

    @property
    def beat_seconds(self) -> float:
        """Seconds between heartbeats: three fit into a lease, so that one may get lost."""
        return min(self.heartbeat_seconds, self.lease_seconds / 3)


def address(url: str | None) -> str:
    """Return the address given, or that of the environment. Raises NotConfigured."""
    found = url or os.environ.get("WAXELL_URL")
    if not found:
        raise NotConfigured("Where is Waxell? Give url=… or set WAXELL_URL, like http://localhost:8000.")
    return found.rstrip("/")


def key(api_key: str | None) -> str:
    """Return the key given, or that of the environment. Raises NotConfigured."""
    found = api_key or os.environ.get("WAXELL_API_KEY")
    if not found:
        raise NotConfigured("Waxell needs an agent's key: give api_key=… or set WAXELL_API_KEY, like wxk_….")
    if not found.isascii() or not found.isprintable() or " " in found:
        raise NotConfigured("An API key has no spaces and no letters outside ASCII: was it copied whole?")
    return found
