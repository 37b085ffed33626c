"""Values of a program as JSON: the same meaning before an act, the best that can be said after it."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxell.lib import json_strict
from waxell_client import Unsayable
from waxell_client.values import MAX_TOLD_BYTES, encode, exact, told


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    y: Decimal


class Model:
    def model_dump(self, *, mode: str) -> dict[str, str]:
        return {"mode": mode}


class Angry:
    def model_dump(self, *, mode: str) -> dict[str, str]:
        raise RuntimeError("not now")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": [1, 2.5, None, True]}, {"a": [1, 2.5, None, True]}),
        ((1, "é"), [1, "é"]),
        (Decimal("0.10"), "0.10"),
        (Decimal("1E+3"), "1000"),
        (Colour.RED, "red"),
        (Point(1, Decimal(2)), {"x": 1, "y": "2"}),
        (Model(), {"mode": "json"}),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (PurePosixPath("/a"), "/a"),
        (date(2026, 11, 23), "2026-11-23"),
        (datetime(2026, 11, 23, 9, tzinfo=UTC), "2026-11-23T09:00:00+00:00"),
        (timedelta(seconds=90), 90.0),
        (2**53 - 1, 2**53 - 1),
    ],
)
def test_what_means_the_same_in_json_is_said_either_way(value: object, said: object) -> None:
    assert exact(value) == said
    assert told(value) == said


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"bytes", r"the value is a bytes.*told="),
        ({"a": [1, {2}]}, r"the value\['a'\]\[1\] is a set"),
        ({1: 2}, "keys are texts"),
        (float("nan"), "a float, which has no form"),
        (Decimal("NaN"), "a Decimal"),
        (2**53, "2\\^53-1"),
        ("a\0b", "NUL"),
        ("\ud800", "surrogate"),
        (object(), "a object"),
    ],
)
def test_what_has_no_form_is_not_asked_about(value: object, why: str) -> None:
    with pytest.raises(Unsayable, match=why):
        exact(value)


def test_what_has_no_form_is_named_in_a_report() -> None:
    value = {"file": b"x", "n": 2**60, "text": "a\0b\ud800", "angry": Angry(), 3: float("inf")}

    assert told(value) == {
        "file": {"left_out": "bytes"},
        "n": hex(2**60),
        "text": "a\ufffdb?",
        "angry": {"left_out": "Angry"},
        "int": {"left_out": "float"},
    }


def test_a_value_that_contains_itself_ends() -> None:
    value: list[Any] = []
    value.append(value)

    with pytest.raises(Unsayable, match="nested more than"):
        exact(value)
    assert "nested too deep" in json.dumps(told(value))


def test_a_large_output_is_left_out() -> None:
    (said,) = told("x" * (MAX_TOLD_BYTES + 1)).values()

    assert said.endswith("bytes of str")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner),
    max_leaves=20,
)


@given(ANYTHING)
def test_whatever_an_action_returns_the_server_can_read_its_report(value: object) -> None:
    json_strict.parse(encode({"output": told(value)}))


@given(ANYTHING)
def test_what_is_said_exactly_the_server_reads_exactly(value: object) -> None:
    try:
        said = exact(value)
    except Unsayable:
        return
    assert json_strict.parse(encode({"args": said})) == {"args": said}
