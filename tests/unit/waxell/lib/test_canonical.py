"""C6: canonical JSON equals RFC 8785, whichever of the two encoders wrote it."""

from enum import StrEnum

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from waxell.lib import canonical

numbers = st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


class Colour(StrEnum):
    RED = "red"


@given(values)
def test_bytes_equal_the_reference(value: object) -> None:
    assert canonical.encode(value) == rfc8785.dumps(value)


def test_keys_are_sorted_by_utf16_units() -> None:
    """The example of RFC 8785, section 3.2.3."""
    value = {
        "€": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\x80": "Control",
        "ö": "Latin Small Letter O With Diaeresis",
    }
    keys = [line.partition('":"')[0].strip('{"') for line in canonical.encode(value).decode().split(',"')]
    assert keys == ["\\r", "1", "\x80", "ö", "€", "\U0001f600", "\ufb33"]


def test_numbers_are_written_as_ecmascript_does() -> None:
    """The example of RFC 8785, section 3.2.2."""
    value = [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001, -0.0]
    assert canonical.encode(value) == b"[333333333.3333333,1e+30,4.5,0.002,1e-27,0]"


def test_enumerated_texts_are_texts_on_both_roads() -> None:
    assert canonical.encode({"a": Colour.RED}) == b'{"a":"red"}'
    assert canonical.encode({"a": Colour.RED, "b": 0.5}) == b'{"a":"red","b":0.5}'


@pytest.mark.parametrize(
    "value",
    [
        2**53,
        -(2**53),
        float("nan"),
        float("inf"),
        "\ud800",
        {1: "a"},
        {Colour.RED: 1},
        b"bytes",
        {"a": {1, 2}},
        object(),
    ],
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(canonical.NotCanonical):
        canonical.encode(value)


def test_digest_names_its_algorithm() -> None:
    expected = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert canonical.digest_of({}) == expected
