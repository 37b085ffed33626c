"""Money is decimal and rounded up; usages are read from the answers of models."""

from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxell.lib.money import parse_usd
from waxell_client import Estimate, Usage, usage_of


@pytest.mark.parametrize("value", [0.1, 1.0, True])
def test_money_is_never_a_float(value: Any) -> None:
    with pytest.raises(TypeError, match="never"):
        Usage(usd=value)


@pytest.mark.parametrize("value", ["-1", "NaN", "Infinity", "a dollar", Decimal(10**9) + 1])
def test_what_is_no_amount_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="dollars"):
        Estimate(usd=value)


def test_a_fraction_of_a_millionth_counts_whole() -> None:
    assert Usage(usd="0.0000001").document() == {"usd": "0.000001"}
    assert Usage(usd=Decimal("1.5")).document() == {"usd": "1.5"}
    assert Usage(usd=100).document() == {"usd": "100"}
    assert Estimate(usd="1e-3", tokens=5).document() == {"usd": "0.001", "tokens": 5}


def test_counts_are_whole_and_seconds_are_rounded_up() -> None:
    assert Usage(tokens_in=3, seconds=1.2).document() == {"tokens_in": 3, "seconds": 2}
    for wrong in ({"tokens_in": -1}, {"tokens_out": 2**53}, {"seconds": -2}):
        with pytest.raises(ValueError, match="is 0 to"):
            Usage(**wrong)
    with pytest.raises(TypeError, match="whole number"):
        Estimate(tokens=1.5)  # type: ignore[arg-type]


@given(st.decimals(min_value=0, max_value=10**9, allow_nan=False, allow_infinity=False))
def test_the_server_reads_every_amount_and_never_less(value: Decimal) -> None:
    (text,) = Usage(usd=value).document().values()

    micros = parse_usd(text)
    assert 0 <= micros - Fraction(value) * 10**6 < 1


OPENAI = {"model": "m-1", "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}}
ANTHROPIC = SimpleNamespace(
    model="c-1",
    usage=SimpleNamespace(
        input_tokens=3, output_tokens=4, cache_creation_input_tokens=10, cache_read_input_tokens=None
    ),
)


@pytest.mark.parametrize(
    ("answer", "usage"),
    [
        (OPENAI, Usage(model="m-1", tokens_in=3, tokens_out=4)),
        (ANTHROPIC, Usage(model="c-1", tokens_in=13, tokens_out=4)),
        ({"usage": {"input_tokens": 5}}, Usage(tokens_in=5)),
        ({"usage": {"input_tokens": True, "output_tokens": -1}}, None),
        ({"usage": None}, None),
        ("plain text", None),
        (None, None),
    ],
)
def test_a_models_answer_tells_its_usage(answer: object, usage: Usage | None) -> None:
    assert usage_of(answer) == usage
