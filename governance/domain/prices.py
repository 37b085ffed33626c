"""What a model call costs, by the public price list that `genai-prices` carries.

The list's version is part of the governance state, so a decision names the prices it used.
"""

from importlib.metadata import version
from typing import Final

from genai_prices import Usage, calc_price

from waxell.lib.money import round_up

PRICE_LIST: Final = f"genai-prices/{version('genai-prices')}"


def cost_micros(model: str, *, tokens_in: int, tokens_out: int) -> int | None:
    """Return the price in micro-dollars, rounded up; None for a model that has no price."""
    usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out)
    try:
        return round_up(calc_price(usage, model_ref=model).total_price)
    except LookupError:
        return None
