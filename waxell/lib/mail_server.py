"""A mail server's address as one URL, and as Django's options."""

from typing import Any, Final
from urllib.parse import unquote, urlsplit

TIMEOUT_SECONDS: Final = 10

# Scheme: usual port, STARTTLS, TLS from the first byte.
_SCHEMES: Final = {"smtp": (587, True, False), "smtps": (465, False, True), "smtp+plain": (25, False, False)}


def mailers(url: str) -> dict[str, Any]:
    """Return Django's MAILERS for `smtp://user:password@host:port`, nothing for an empty URL.

    `smtp` insists on STARTTLS, `smtps` on TLS from the beginning, `smtp+plain` does without.
    ValueError for anything else.
    """
    if not url:
        return {}
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ValueError(
            f"WAXELL_SMTP_URL begins with {', '.join(name + '://' for name in _SCHEMES)} and names a host."
        )
    port, starttls, tls = _SCHEMES[parts.scheme]
    options = {
        "host": parts.hostname,
        "port": parts.port or port,
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_tls": starttls,
        "use_ssl": tls,
        "timeout": TIMEOUT_SECONDS,
    }
    return {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}
