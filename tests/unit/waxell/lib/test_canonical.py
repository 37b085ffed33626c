"""C6: canonical JSON equals RFC 8785, whichever of the two encoders wrote it."""

import json
import struct
from collections.abc import Callable
from enum import StrEnum

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from waxell.ledger.verifier import verify_bundle
from waxell.lib import canonical

type Encoder = Callable[[object], bytes]

# What writes entries, and what the verifier, which shares no code with it, holds them against.
ENCODERS = [canonical.encode, verify_bundle.encode_canonical]
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


# RFC 8785, appendix B: the bits of a double, and how ECMAScript writes it.
DOUBLES = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


@pytest.mark.parametrize(("bits", "text"), DOUBLES.items())
@pytest.mark.parametrize("encode", ENCODERS)
def test_doubles_are_written_as_in_appendix_b(encode: Encoder, bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert encode(number) == text.encode()


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000"])
@pytest.mark.parametrize("encode", ENCODERS)
def test_what_is_no_number_is_refused_as_in_appendix_b(encode: Encoder, bits: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    with pytest.raises(ValueError, match=r"."):
        encode(number)


@pytest.mark.parametrize("encode", ENCODERS)
def test_the_whole_example_gives_its_bytes(encode: Encoder) -> None:
    """RFC 8785, sections 3.2.2 to 3.2.4."""
    value = json.loads(r"""{
       "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
       "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
       "literals": [null, true, false]
    }""")
    assert encode(value) == bytes.fromhex(
        "7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65"
        "72 73 22 3a 5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31 65 2b 33 30 2c 34 2e 35 2c 30 2e 30"
        "30 32 2c 31 65 2d 32 37 5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 30 66 5c 6e 41 27 42 5c"
        "22 5c 5c 5c 5c 5c 22 2f 22 7d"
    )


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
