"""US dollars as whole micro-dollars: one dollar is 1,000,000."""

import re
from decimal import ROUND_CEILING, Decimal, localcontext
from typing import Final

from waxell.lib.errors import DomainError

MICROS_PER_USD: Final = 1_000_000
MAX_USD_MICROS: Final = 10**9 * MICROS_PER_USD

_PLAIN_DECIMAL = re.compile(r"[0-9]{1,10}(\.[0-9]{1,6})?", re.ASCII)


class InvalidAmount(DomainError):
    """An amount in US dollars is a decimal number from 0 to 1000000000 with at most six places."""

    code = "invalid_amount"
    status = 400


def parse_usd(value: object) -> int:
    """Return micro-dollars for a plain decimal string or a number. Raises InvalidAmount.

    A float is read as the shortest decimal that stands for it, which is what its author typed.
    """
    if isinstance(value, str):
        if not _PLAIN_DECIMAL.fullmatch(value):
            raise InvalidAmount()
        amount = Decimal(value)
    elif isinstance(value, float):
        amount = Decimal(repr(value))
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        amount = Decimal(value)
    else:
        raise InvalidAmount()
    if not amount.is_finite() or not 0 <= amount <= 10**9:
        raise InvalidAmount()
    micros = round_up(amount)
    if Decimal(micros) != amount * MICROS_PER_USD:
        raise InvalidAmount()
    return micros


def round_up(amount: Decimal) -> int:
    """Return micro-dollars for a finite amount of dollars, a fraction of a micro-dollar up."""
    with localcontext(prec=60):
        return int((amount * MICROS_PER_USD).to_integral_value(rounding=ROUND_CEILING))


def format_usd(micros: int) -> str:
    """Return micro-dollars as a plain decimal string with two to six places: `1.00`, `0.000125`."""
    sign = "-" if micros < 0 else ""
    whole, fraction = divmod(abs(micros), MICROS_PER_USD)
    places = f"{fraction:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{places}"
