"""Where messages may go: what an address must look like, and which networks are nobody's business."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

MOST_CHARACTERS: Final = 2000

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address
type Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?\.?")
# An IPv6 address in here is an IPv4 address to whoever runs the translator (RFC 6052).
_TRANSLATED: Final = (ipaddress.IPv6Network("64:ff9b::/96"),)


class MalformedAddress(ValueError):
    """The address cannot be used; the text says why."""


class ForbiddenAddress(ValueError):
    """The address leads into a private network; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Host names and networks inside the house that messages may go to all the same."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, words: Iterable[str]) -> "Allowed":
        """Read `hooks.internal`, `10.1.0.0/16` or `127.0.0.1`. ValueError for a network with host bits."""
        hosts: set[str] = set()
        networks: list[Network] = []
        for word in words:
            if "/" in word or _literal(word) is not None:
                networks.append(ipaddress.ip_network(word))
            else:
                hosts.add(word.lower().rstrip("."))
        return cls(hosts=frozenset(hosts), networks=tuple(networks))

    def names(self, host: str) -> bool:
        """Tell whether a URL's host is named here, by itself or by its network."""
        literal = _literal(host)
        if literal is None:
            return host.lower().rstrip(".") in self.hosts
        return self.holds(literal)

    def holds(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def read_url(text: str, *, allowed: Allowed, insecure: bool) -> SplitResult:
    """Return the parts of a URL that messages can be posted to. Raises MalformedAddress.

    Plain http is for hosts in `allowed`, or everywhere where `insecure`.
    """
    if len(text) > MOST_CHARACTERS or not text.isascii() or any(char <= " " or char == "\x7f" for char in text):
        raise MalformedAddress(f"A URL is printable ASCII without spaces, at most {MOST_CHARACTERS} characters.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise MalformedAddress("This is no URL.") from error
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or port == 0:
        raise MalformedAddress("Write a URL that begins with https://.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise MalformedAddress("A URL for messages has no user, password or fragment.")
    if not _HOST.fullmatch(host) and _literal(host) is None:
        raise MalformedAddress("The URL names no host.")
    if parts.scheme == "http" and not (insecure or allowed.names(host)):
        raise MalformedAddress("Use https://: what is said here is not for everybody on the way.")
    if _literal(host) is not None and not allowed.names(host):
        check_public(ipaddress.ip_address(host), allowed=allowed)
    return parts


def check_public(address: Address, *, allowed: Allowed) -> None:
    """Raise ForbiddenAddress unless `address` is everybody's, or in an allowed network.

    Loopback, private, link-local (the cloud's metadata among them), shared, multicast and reserved
    addresses are refused, also where an IPv6 address only wraps them.
    """
    if allowed.holds(address):
        return
    for one in _meant(address):
        if not one.is_global or one.is_multicast or one.is_reserved or getattr(one, "is_site_local", False):
            raise ForbiddenAddress(f"{address} is in a private or reserved network.")


def shown(parts: SplitResult) -> str:
    """Return a URL without its query, which may hold a token."""
    return f"{parts.scheme}://{parts.netloc}{parts.path}" + ("?…" if parts.query else "")


def _meant(address: Address) -> list[Address]:
    """Return every address that packets to this one may end at."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if any(address in network for network in _TRANSLATED):
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    inner: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    return [address, *(one for one in inner if one is not None)]


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
