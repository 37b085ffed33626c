"""Proofs that digits and letters are what their form suggests."""

from typing import Final

_CARD_LENGTHS: Final = frozenset({13, 14, 15, 16, 19})
_WORDS: Final = frozenset({"password", "changeme", "required", "optional", "undefined", "redacted", "placeholder"})


def is_payment_card(written: str) -> bool:
    """Tell whether digits, with blanks or hyphens between them, pass Luhn's check and begin as a card does."""
    digits = [int(letter) for letter in written if letter.isdigit()]
    if len(digits) not in _CARD_LENGTHS or digits[0] not in (2, 3, 4, 5, 6) or len(set(digits)) < 2:
        return False
    doubled = (digit * 2 if place % 2 else digit for place, digit in enumerate(reversed(digits)))
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0


def is_iban(written: str) -> bool:
    """Tell whether an account number has the check digits of ISO 13616 (the remainder by 97 is 1)."""
    account = written.replace(" ", "")
    if not 15 <= len(account) <= 34:
        return False
    return int("".join(str(int(letter, 36)) for letter in account[4:] + account[:4])) % 97 == 1


def is_us_ssn(written: str) -> bool:
    """Tell whether a number may have been given out: no part is all zeros, and no area is 666 or above 899."""
    area, group, serial = written.replace(" ", "-").split("-")
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def looks_random(written: str) -> bool:
    """Tell whether what follows a name like `password` is a secret and no word, name of a variable or path."""
    value = written.replace('"', "").replace("'", "").replace("=", " ").replace(":", " ").split()[-1]
    kinds = (any(map(str.isdigit, value)), any(map(str.isupper, value)), any(map(str.islower, value)))
    plain = value.lower().startswith(("$", "os.", "env.", "self.", "settings.", "/", "xxxx", "****", "...", "http"))
    return sum(kinds) >= 2 and any(map(str.isdigit, value)) and not plain and value.lower() not in _WORDS
