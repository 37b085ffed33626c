"""D4: hostile JSON is refused before anything is written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxell.lib import json_strict
from waxell.lib.canonical import MAX_INTEGER

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)


@given(values, st.booleans())
def test_good_json_is_read_as_it_was_written(value: object, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert json_strict.parse(body) == value


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,\\u0d8eE+-.1aNI ').map(str.encode))
def test_anything_else_is_malformed_and_never_another_error(body: bytes) -> None:
    try:
        value = json_strict.parse(body)
    except json_strict.MalformedJson:
        return
    assert json.loads(body) == value


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b'{"a":1,"a":2}', "'a' occurs twice"),
        (b'[{"b":{"a":1,"\\u0061":2}}]', "'a' occurs twice"),
        (b'"\\u0000"', "NUL"),
        (b'{"\\u0000":1}', "NUL"),
        (b'"\\ud800"', "surrogate"),
        (b"NaN", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b"1e999", "too large"),
        (b"9007199254740992", "9007199254740991"),
        (b"-9007199254740992", "9007199254740991"),
        (b"9" * 5000, "9007199254740991"),
        (b"\xff", "UTF-8"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b'{"a":1', "column"),
        (b"", "column"),
        (b"[" * 100_000, "levels"),
        (b"[" * 33 + b"]" * 33, "levels"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "levels"),
    ],
)
def test_each_trick_is_named(body: bytes, complaint: str) -> None:
    with pytest.raises(json_strict.MalformedJson, match=complaint):
        json_strict.parse(body)


def test_limits_are_exact() -> None:
    assert json_strict.parse(b"[" * 32 + b"]" * 32)
    assert json_strict.parse(b'"1234"', max_bytes=6) == "1234"
    with pytest.raises(json_strict.PayloadTooLarge):
        json_strict.parse(b'"12345"', max_bytes=6)
    assert json_strict.parse(str(MAX_INTEGER).encode()) == MAX_INTEGER


def test_a_key_hidden_in_a_text_is_no_duplicate() -> None:
    assert json_strict.parse(b'{"a":"\\"a\\": \\\\u0000"}') == {"a": '"a": \\u0000'}


@pytest.mark.parametrize("header", ["application/json", "Application/JSON; charset=UTF-8"])
def test_json_in_utf8_is_a_supported_media_type(header: str) -> None:
    json_strict.check_media_type(header)


@pytest.mark.parametrize("header", ["", "text/plain", "application/json; charset=utf-16"])
def test_other_media_types_are_not_supported(header: str) -> None:
    with pytest.raises(json_strict.UnsupportedMediaType):
        json_strict.check_media_type(header)
