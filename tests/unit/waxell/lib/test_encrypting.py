"""Encrypting under Django's secret keys."""

from typing import Any

import pytest

from waxell.lib import encrypting


def test_what_is_encrypted_is_read_again_and_shows_nothing() -> None:
    content = encrypting.encrypt("https://hooks.example.com/secret", purpose="test")
    assert b"hooks" not in content
    assert encrypting.decrypt(content, purpose="test") == "https://hooks.example.com/secret"
    assert encrypting.encrypt("same", purpose="test") != encrypting.encrypt("same", purpose="test")


def test_another_purpose_is_another_key() -> None:
    with pytest.raises(encrypting.Unreadable):
        encrypting.decrypt(encrypting.encrypt("x", purpose="test"), purpose="other")


def test_after_a_change_the_key_before_still_reads(settings: Any) -> None:
    content = encrypting.encrypt("x", purpose="test")
    before = settings.SECRET_KEY
    settings.SECRET_KEY = "another key, long enough for anybody's taste"
    with pytest.raises(encrypting.Unreadable):
        encrypting.decrypt(content, purpose="test")
    settings.SECRET_KEY_FALLBACKS = [before]
    assert encrypting.decrypt(content, purpose="test") == "x"
