"""Signatures, held against the library that receivers use."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from waxell.outbox.domain import signatures
from waxell.outbox.domain.signatures import MalformedSecret


@given(key=st.binary(min_size=24, max_size=64), value=st.dictionaries(st.text(), st.text()))
def test_their_library_accepts_what_we_sign(key: bytes, value: dict[str, str]) -> None:
    secret = signatures.write_secret(key)
    body = json.dumps(value).encode()

    made = signatures.headers(message="msg_1", timestamp=int(time.time()), body=body, secrets=[secret])

    assert Webhook(secret).verify(body, made) == value


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "body", "secret"])
def test_nothing_of_it_can_be_changed(changed: str) -> None:
    secret, body, now = signatures.write_secret(bytes(32)), b'{"a":1}', int(time.time())
    made = signatures.headers(message="msg_1", timestamp=now, body=body, secrets=[secret])
    made |= {"webhook-id": "msg_2"} if changed == "webhook-id" else {}
    made |= {"webhook-timestamp": str(now + 1)} if changed == "webhook-timestamp" else {}

    reader = Webhook(signatures.write_secret(bytes(31) + b"1") if changed == "secret" else secret)
    with pytest.raises(WebhookVerificationError):
        reader.verify(b'{"a":2}' if changed == "body" else body, made)


def test_the_old_and_the_new_secret_both_fit() -> None:
    new, old = signatures.write_secret(b"n" * 32), signatures.write_secret(b"o" * 32)
    made = signatures.headers(message="msg_1", timestamp=int(time.time()), body=b"{}", secrets=[new, old])

    for secret in (new, old):
        assert Webhook(secret).verify(b"{}", made) == {}


def test_without_a_secret_nothing_is_signed() -> None:
    made = signatures.headers(message="msg_1", timestamp=1, body=b"{}", secrets=[])
    assert made == {"webhook-id": "msg_1", "webhook-timestamp": "1"}


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%%", "abc", signatures.write_secret(bytes(8))])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(MalformedSecret):
        signatures.read_secret(secret)
