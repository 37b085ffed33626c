"""Numbers and states of affairs in the words of those who read them."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from executions.domain.states import State
from governance.domain.verdicts import Verdict
from governance.ui.wording import amount

VERDICTS: Final = {
    Verdict.ALLOW: "Allowed",
    Verdict.HOLD: "Waiting for a person",
    Verdict.DENY: "Refused",
    Verdict.HALT: "Stopped",
}

STATES: Final = {
    State.PENDING: "Pending",
    State.RUNNING: "Running",
    State.SUSPENDED: "Waiting",
    State.COMPLETED: "Completed",
    State.FAILED: "Failed",
    State.DENIED: "Refused",
    State.HALTED: "Stopped",
    State.CANCELLED: "Cancelled",
    State.INTERRUPTED: "Interrupted",
}

VOUCHED: Final = {
    "enforced": ("Enforced", "Our worker ran this: what was refused could not happen."),
    "asked": ("Asked first", "The agent asked before each act and said it would obey."),
    "observed": ("Observed", "Reported afterwards: nothing could be prevented."),
}
"""Who vouches for a record: a word, and what it means."""

# Controls and marks of direction could make a text read as something else than it is.
_INVISIBLE = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def budget_numbers(numbers: Mapping[str, Any], unit: str | None) -> str:
    """Return what a decision saw of a budget: `$0.90 spent, $0.05 reserved, $0.10 asked, limit $1.00`."""
    parts = [
        f"{amount(unit, numbers[name])} {word}"
        for name, word in (("spent", "spent"), ("reserved", "reserved"), ("overrun", "too much"), ("asked", "asked"))
        if numbers.get(name) is not None and (numbers[name] or name != "overrun")
    ]
    if numbers.get("limit") is not None:
        limit = amount(unit, numbers["limit"])
        raised = numbers.get("extra")
        parts.append(f"limit {limit} and {amount(unit, raised)} extra" if raised else f"limit {limit}")
    return ", ".join(parts)


def visible(text: str) -> str:
    """Return a text in which invisible characters are written out: `\\u202e`."""
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def readable_json(content: bytes) -> str:
    """Return a content laid out for reading; what is no JSON is returned as text."""
    text = content.decode("utf-8", "replace")
    try:
        return visible(json.dumps(json.loads(text), indent=2, ensure_ascii=False))
    except ValueError:
        return visible(text)
