"""What a model call costs, by the public price list that `genai-prices` carries.

The list's version is part of the governance state, so a decision names the prices it used.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version
from typing import Final

from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import PriceCalculation, TieredPrices

from waxell.lib.money import round_up

PRICE_LIST: Final = f"genai-prices/{version('genai-prices')}"


def cost_micros(model: str, *, tokens_in: int, tokens_out: int) -> int | None:
    """Return the price in micro-dollars, rounded up; None for a model that has no price."""
    usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out)
    try:
        return round_up(calc_price(usage, model_ref=model).total_price)
    except LookupError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPrice:
    """Dollars for a million tokens; of prices that grow with the length of a prompt, the first."""

    model: str
    provider: str
    input_usd: Decimal
    output_usd: Decimal


def price_of(model: str) -> ModelPrice | None:
    """Return what `cost_micros` charges for a model now; None for one that has no price."""
    try:
        found = calc_price(Usage(input_tokens=1, output_tokens=1), model_ref=model)
    except LookupError:
        return None
    return _priced(model, found)


def price_list() -> Iterator[ModelPrice]:
    """Yield every model that is charged under its own name, by name."""
    names = {model.id for provider in get_snapshot().providers for model in provider.models}
    for name in sorted(names):
        if price := price_of(name):
            yield price


def _priced(model: str, found: PriceCalculation) -> ModelPrice:
    return ModelPrice(
        model=model,
        provider=found.provider.id,
        input_usd=_first(found.model_price.input_mtok),
        output_usd=_first(found.model_price.output_mtok),
    )


def _first(price: Decimal | TieredPrices | None) -> Decimal:
    return price.base if isinstance(price, TieredPrices) else price or Decimal(0)
