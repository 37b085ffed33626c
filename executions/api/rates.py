"""Counting the gate's requests by key, without a query of its own on each."""

import hmac
import time
from dataclasses import dataclass
from typing import Final

from governance.models import ApiKey
from governance.queries.keys import secret_digest
from governance.services.rates import check_rate
from waxell.lib.errors import Unauthenticated

KNOWN_FOR_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What never changes of a key, and its limit as it was read at `at` (monotonic seconds)."""

    at: float
    secret_digest: bytes
    per_minute: int


_known: dict[str, _Known] = {}


def count_request(key_id: str, secret: str) -> None:
    """Count one request of a key. Raises TooManyRequests, and Unauthenticated for a wrong secret.

    A key's limit is looked up once a minute. Whether the key is still in force the snapshot says;
    here only its holder can use up its rate, and nobody else's body is read.
    """
    now = time.monotonic()
    known = _known.get(key_id)
    if known is None or now - known.at > KNOWN_FOR_SECONDS:
        known = _look_up(key_id, now)
    if known is None or not hmac.compare_digest(known.secret_digest, secret_digest(secret)):
        raise Unauthenticated()
    check_rate(key_id, known.per_minute)


def _look_up(key_id: str, now: float) -> _Known | None:
    row = ApiKey.objects.filter(pk=key_id).values_list("secret_digest", "requests_per_minute").first()
    if row is None:
        return None
    if len(_known) > 10_000:
        _known.clear()
    found = _known[key_id] = _Known(at=now, secret_digest=bytes(row[0]), per_minute=row[1])
    return found
