"""What the entries of an execution say, and how numbers are answered."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from governance.domain.verdicts import Reason
from waxell.lib.money import format_usd

_AMOUNTS: Final = frozenset({"limit", "extra", "reserved", "spent", "overrun", "asked"})


def answered_amount(unit: str | None, amount: int) -> str | int:
    """An amount as REST writes it: dollars as a decimal string, everything else as an integer."""
    return format_usd(amount) if unit == "usd" else amount


def answered_reasons(reasons: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Recorded reasons as REST answers them."""
    return [answered_reason(reason) for reason in reasons]


def answered_reason(reason: Mapping[str, Any]) -> dict[str, Any]:
    """One recorded reason as REST answers it: its amounts as their unit is written."""
    unit = reason.get("unit")
    return {name: answered_amount(unit, value) if name in _AMOUNTS else value for name, value in reason.items()}


def closing(
    *,
    outcome: str,
    cause: Reason | None,
    seq: int,
    prev: str | None,
    totals: Mapping[str, object],
    presumed: list[dict[str, object]],
    states_seen: Mapping[str, int],
    started_at: str,
    fence: int,
) -> dict[str, object]:
    """The members of the last entry. `seq` is its own sequence: the record's number of entries."""
    return {
        "outcome": outcome,
        "cause": cause.document() if cause else None,
        "entries": seq,
        "before": prev,
        "totals": dict(totals),
        "presumed": presumed,
        "governance_states": [
            {"digest": digest, "first": first}
            for digest, first in sorted(states_seen.items(), key=lambda item: item[1])
        ],
        "started_at": started_at,
        "fence": fence,
    }
