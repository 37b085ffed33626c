"""Encrypting what must be readable again, with keys derived from Django's secret keys: the database never sees one."""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """This was encrypted under a secret key that this process does not know."""


def encrypt(text: str, *, purpose: str) -> bytes:
    """Return `text` as only `decrypt` with the same purpose reads it."""
    return _cipher(purpose, *_keys()).encrypt(text.encode())


def decrypt(content: bytes | memoryview, *, purpose: str) -> str:
    """Return what was encrypted under this secret key or one before it. Raises Unreadable."""
    try:
        return _cipher(purpose, *_keys()).decrypt(bytes(content)).decode()
    except InvalidToken as error:
        raise Unreadable(str(Unreadable.__doc__)) from error


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=16)
def _cipher(purpose: str, *keys: str) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derive(key, purpose))) for key in keys])


def _derive(key: str, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"waxell {purpose}".encode()).derive(key.encode())
