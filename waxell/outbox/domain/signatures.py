"""Signing as Standard Webhooks says (https://www.standardwebhooks.com): who sent it, when, and that it is whole."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
# The specification's bounds.
LEAST_BYTES: Final = 24
MOST_BYTES: Final = 64


class MalformedSecret(ValueError):
    """This is no secret for signing."""


def write_secret(key: bytes) -> str:
    """Return key bytes as receivers are given them: `whsec_` and base64."""
    return PREFIX + base64.b64encode(key).decode()


def read_secret(secret: str) -> bytes:
    """Return the key bytes of a written secret. Raises MalformedSecret."""
    if not secret.startswith(PREFIX):
        raise MalformedSecret(f"A secret begins with {PREFIX}.")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise MalformedSecret("What follows the prefix is not base64.") from error
    if not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise MalformedSecret(f"A secret has {LEAST_BYTES} to {MOST_BYTES} bytes.")
    return key


def headers(*, message: str, timestamp: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """Return the three headers of one attempt at `timestamp` (seconds since 1970).

    Each secret signs, so that a receiver may know the old one or the new one. Raises MalformedSecret.
    """
    signed = b"%s.%d.%s" % (message.encode(), timestamp, body)
    signatures = [
        "v1," + base64.b64encode(hmac.digest(read_secret(secret), signed, hashlib.sha256)).decode()
        for secret in secrets
    ]
    made = {"webhook-id": message, "webhook-timestamp": str(timestamp)}
    return made | ({"webhook-signature": " ".join(signatures)} if signatures else {})
