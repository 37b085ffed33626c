"""Where messages may go."""

import ipaddress

import pytest

from waxell.outbox.domain.addresses import (
    Allowed,
    ForbiddenAddress,
    MalformedAddress,
    check_public,
    read_url,
    shown,
)

NOTHING = Allowed()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104  refused, not bound
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "192.0.0.192",
        "198.18.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "2001:0:7f00:1::1",
        "fec0::1",
    ],
)
def test_private_and_reserved_addresses_are_refused(address: str) -> None:
    with pytest.raises(ForbiddenAddress):
        check_public(ipaddress.ip_address(address), allowed=NOTHING)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_taken(address: str) -> None:
    check_public(ipaddress.ip_address(address), allowed=NOTHING)


def test_an_allowed_network_is_taken_and_its_neighbour_is_not() -> None:
    allowed = Allowed.parse(["10.1.0.0/16", "::1"])
    check_public(ipaddress.ip_address("10.1.2.3"), allowed=allowed)
    check_public(ipaddress.ip_address("::1"), allowed=allowed)
    with pytest.raises(ForbiddenAddress):
        check_public(ipaddress.ip_address("10.2.0.1"), allowed=allowed)


def test_a_mistyped_network_is_no_host() -> None:
    with pytest.raises(ValueError, match="host bits"):
        Allowed.parse(["10.1.0.1/16"])


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/a?token=b",
        "https://hooks.example.com:8443/",
        "https://1.1.1.1/x",
        "https://[2606:4700::1111]/x",
        "https://xn--bcher-kva.example/",
        "http://hooks.internal/x",
        "HTTPS://EXAMPLE.COM",
    ],
)
def test_urls_that_can_be_posted_to(url: str) -> None:
    assert read_url(url, allowed=Allowed.parse(["hooks.internal"]), insecure=False).hostname


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "unix:///run/x.sock",
        "https://",
        "https:///x",
        "https://user@example.com/",
        "https://user:pw@example.com/",
        "https://example.com/#x",
        "https://exa mple.com/",
        "https://example.com/\r\nX-Evil: 1",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://exämple.com/",
        "https://example.com\\@127.0.0.1/",
        "https://[::1/",
        "http://example.com/",
        "https://example.com/" + "x" * 2000,
    ],
)
def test_urls_that_cannot(url: str) -> None:
    with pytest.raises(MalformedAddress):
        read_url(url, allowed=NOTHING, insecure=False)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://[::1]:443/", "https://169.254.169.254/latest/meta-data"]
)
def test_private_addresses_are_refused_as_soon_as_they_are_written(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        read_url(url, allowed=NOTHING, insecure=False)
    with pytest.raises(ForbiddenAddress):
        read_url(url.replace("https", "http"), allowed=NOTHING, insecure=True)


def test_what_is_shown_hides_the_query() -> None:
    parts = read_url("https://example.com/hook?token=secret", allowed=NOTHING, insecure=False)
    assert shown(parts) == "https://example.com/hook?…"
