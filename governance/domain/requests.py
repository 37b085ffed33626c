"""A request that may come twice and must take effect once."""

import re
from dataclasses import dataclass
from typing import Final

from waxell.lib import canonical
from waxell.lib.errors import DomainError

_KEY: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")


class IdempotencyKeyInvalid(DomainError):
    """An Idempotency-Key has 1 to 255 printable ASCII characters."""

    code = "idempotency_key_invalid"
    status = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """What makes two requests the same: who, where, which key; `body` is the canonical body's digest."""

    caller: str
    path: str
    key: str
    body: str


def retry_of(*, caller: str, path: str, key: str | None, body: object) -> Retry | None:
    """Return the identity of a request; None where its Idempotency-Key is absent.

    `body` is the parsed JSON, so that white space and order of keys make no difference.
    Raises IdempotencyKeyInvalid.
    """
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyInvalid()
    return Retry(caller=caller, path=path, key=key, body=canonical.digest_of(body))
