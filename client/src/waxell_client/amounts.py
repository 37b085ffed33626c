"""What an action is expected to use, and what it did use. Money is decimal, never a float."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation, localcontext
from typing import Any

from waxell_client.values import MAX_INTEGER

USD = Decimal | int | str
MAX_USD = Decimal(10**9)
_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The most that an action may use; that much is reserved for it.

    Dollars become a Decimal, seconds whole, both rounded up. Raises TypeError, ValueError.
    """

    usd: USD | None = None
    tokens: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        _check(self, "tokens")

    def document(self) -> dict[str, Any]:
        return _document(usd=_text(self.usd), tokens=self.tokens, seconds=self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an action did use; the rest of what was reserved is free again.

    Dollars become a Decimal, seconds whole, both rounded up. Raises TypeError, ValueError.
    """

    usd: USD | None = None
    model: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        _check(self, "tokens_in", "tokens_out")

    def document(self) -> dict[str, Any]:
        return _document(
            usd=_text(self.usd),
            model=self.model,
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
            seconds=self.seconds,
        )


Metering = Usage | Callable[[Any], Usage | None] | None
"""Usage known before, or how to read it from what an action returned."""


def dollars(value: USD | None) -> Decimal | None:
    """Return an amount in dollars, a fraction of a millionth up. Raises TypeError for a float, ValueError."""
    if value is None:
        return None
    if isinstance(value, bool | float) or not isinstance(value, Decimal | int | str):
        raise TypeError(f"Money is Decimal, int or text, never {type(value).__name__}: a float is not what was meant.")
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is no amount of dollars.") from None
    if not amount.is_finite() or not 0 <= amount <= MAX_USD:
        raise ValueError(f"An amount of dollars is 0 to {MAX_USD}, not {value}.")
    with localcontext() as context:
        context.prec = 60
        return amount.quantize(_PLACES, rounding=ROUND_CEILING)


def usage_of(answer: object) -> Usage | None:
    """Read the usage that a model's answer tells, in the shapes of OpenAI's and Anthropic's APIs; None without one."""
    usage = _member(answer, "usage")
    if usage is None:
        return None
    tokens_in = _count(usage, "input_tokens", "prompt_tokens")
    tokens_out = _count(usage, "output_tokens", "completion_tokens")
    # Anthropic counts what went into and came from its cache beside the input, not inside it.
    for beside in ("cache_creation_input_tokens", "cache_read_input_tokens"):
        cached = _count(usage, beside)
        tokens_in = (tokens_in or 0) + cached if cached else tokens_in
    if tokens_in is None and tokens_out is None:
        return None
    model = _member(answer, "model")
    return Usage(model=model if isinstance(model, str) else None, tokens_in=tokens_in, tokens_out=tokens_out)


def _member(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _count(usage: object, *names: str) -> int | None:
    for name in names:
        found = _member(usage, name)
        if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
            return found
    return None


def _check(amounts: Estimate | Usage, *counts: str) -> None:
    """Refuse here what the server would refuse after the action is done."""
    object.__setattr__(amounts, "usd", dollars(amounts.usd))
    if amounts.seconds is not None:
        object.__setattr__(amounts, "seconds", math.ceil(amounts.seconds))
    for name in (*counts, "seconds"):
        count = getattr(amounts, name)
        if count is not None and (not isinstance(count, int) or isinstance(count, bool)):
            raise TypeError(f"{name} is a whole number, not {type(count).__name__}.")
        if count is not None and not 0 <= count <= MAX_INTEGER:
            raise ValueError(f"{name} is 0 to 2^53-1, not {count}.")


def _text(amount: USD | None) -> str | None:
    return None if amount is None else format(Decimal(amount).normalize(), "f")


def _document(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
