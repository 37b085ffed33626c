"""Recorded reasons as people read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from executions.ui import wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason: the rule or budget that fired, in its own words, and the numbers it saw."""

    effect: str
    message: str
    policy: str | None = None
    version: int | None = None
    rule: str | None = None
    budget: str | None = None
    numbers: str = ""
    kill_order: str | None = None


def causes(reasons: Sequence[Mapping[str, Any]], units: Mapping[str, str]) -> tuple[Cause, ...]:
    """Recorded reasons for reading; `units` is each budget's unit by slug."""
    return tuple(
        Cause(
            effect=reason["effect"],
            message=wording.visible(reason["message"]),
            policy=reason.get("policy"),
            version=reason.get("version"),
            rule=reason.get("rule"),
            budget=reason.get("budget"),
            numbers=wording.budget_numbers(reason, reason.get("unit") or units.get(reason["budget"]))
            if reason.get("budget")
            else "",
            kill_order=reason.get("kill_order"),
        )
        for reason in reasons
    )
