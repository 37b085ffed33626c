"""Counting the gate's requests by key, without a query of its own on each."""

import time
from typing import Final

from governance.models import ApiKey
from governance.services.rates import check_rate

KNOWN_FOR_SECONDS: Final = 60.0
_limits: dict[str, tuple[float, int | None]] = {}


def count_request(key_id: str) -> None:
    """Count one request of a key. Raises TooManyRequests.

    A key's limit is looked up once a minute; what is no key is not counted, it will be refused.
    """
    now = time.monotonic()
    known = _limits.get(key_id)
    if known is None or now - known[0] > KNOWN_FOR_SECONDS:
        if len(_limits) > 10_000:
            _limits.clear()
        limit = ApiKey.objects.filter(pk=key_id).values_list("requests_per_minute", flat=True).first()
        known = _limits[key_id] = (now, limit)
    if known[1] is not None:
        check_rate(key_id, known[1])
