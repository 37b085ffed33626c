"""API keys: `wxk_<id>_<secret>`, of which only the SHA-256 of the secret is kept."""

import hashlib
import hmac
import re
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now

from governance.models import ApiKey
from waxell.lib.errors import Unauthenticated

_PLAIN: Final = re.compile(r"wxk_([0-9a-z]{1,24})_([A-Za-z0-9_-]{20,100})")


def split(plain: str) -> tuple[str, str] | None:
    """Return a key's public id and its secret; None for what is no key."""
    match = _PLAIN.fullmatch(plain)
    return (match[1], match[2]) if match else None


def secret_digest(secret: str) -> bytes:
    """Return what is stored of a secret: 32 random bytes need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def authenticate(plain: str) -> ApiKey:
    """Return the key in force that `plain` is, with its project, agent and accountable person.

    Raises Unauthenticated, always with the same words.
    """
    parts = split(plain)
    if parts is None:
        raise Unauthenticated()
    identity, secret = parts
    key = (
        ApiKey.objects.select_related("project", "agent", "accountable")
        .filter(pk=identity, revoked_at__isnull=True, expires_at__gt=Now())
        .first()
    )
    # An unknown key takes as long as a wrong secret.
    stored = bytes(key.secret_digest) if key else bytes(32)
    if not hmac.compare_digest(stored, secret_digest(secret)) or key is None:
        raise Unauthenticated()
    return key


def listed(project_id: UUID) -> QuerySet[ApiKey]:
    """Return the keys of a project, revoked and expired ones included."""
    keys = ApiKey.objects.filter(project=project_id).select_related("agent", "accountable")
    return keys.defer("secret_digest").order_by("created_at", "id")
