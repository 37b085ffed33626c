"""What the entries of an execution say, and how numbers are answered."""

from collections.abc import Mapping
from typing import Any

from governance.domain.verdicts import Reason
from waxell.lib.money import format_usd


def answered_amount(unit: str | None, amount: int) -> str | int:
    """An amount as REST writes it: dollars as a decimal string, everything else as an integer."""
    return format_usd(amount) if unit == "usd" else amount


def answered_reasons(reasons: list[dict[str, Any]], units: Mapping[str, str]) -> list[dict[str, Any]]:
    """Recorded reasons as REST answers them; `units` is each budget's unit by slug."""
    return [_answered(reason, units.get(reason.get("budget", ""))) for reason in reasons]


def _answered(reason: dict[str, Any], unit: str | None) -> dict[str, Any]:
    amounts = ("limit", "extra", "reserved", "spent", "overrun", "asked")
    return {name: answered_amount(unit, value) if name in amounts else value for name, value in reason.items()}


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
