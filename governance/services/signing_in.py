"""Signing in, slowed down where somebody guesses."""

import math
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth import authenticate
from django.db.models.functions import Now
from django.http import HttpRequest

from governance.models import Person, SignInAttempt
from waxell.lib.db.calls import call_one
from waxell.lib.errors import DomainError

MOST_FAILURES: Final = 5
WITHIN: Final = timedelta(minutes=5)


class TooManyAttempts(DomainError):
    """There were five failed attempts in five minutes: wait before you try again."""

    code = "too_many_attempts"
    status = 429


def sign_in(request: HttpRequest, *, email: str, password: str, address: str) -> Person | None:
    """Return the person whose password this is; None where it is nobody's. Raises TooManyAttempts.

    The attempt is written down before the password is looked at, so a burst of guesses counts too.
    """
    known = email.strip().lower()[:254]
    SignInAttempt.objects.filter(attempted_at__lt=Now() - WITHIN).delete()
    attempt = SignInAttempt.objects.create(email=known, address=address)
    earlier = SignInAttempt.objects.filter(email=known, address=address, pk__lt=attempt.pk)
    if earlier.count() >= MOST_FAILURES:
        # Waiting must not grow longer by asking.
        attempt.delete()
        raise TooManyAttempts(retry_after=_wait(known, address))
    person = authenticate(request, username=email.strip(), password=password)
    if not isinstance(person, Person):
        return None
    SignInAttempt.objects.filter(email=known, address=address).delete()
    return person


def _wait(email: str, address: str) -> int:
    """Return the seconds until the oldest of the attempts that count is forgotten."""
    newest = SignInAttempt.objects.filter(email=email, address=address).order_by("-pk")[:MOST_FAILURES]
    times = [row.attempted_at for row in newest]
    now: datetime = call_one("SELECT clock_timestamp() AS now").now
    return max(1, math.ceil((min(times, default=now) + WITHIN - now).total_seconds()))
