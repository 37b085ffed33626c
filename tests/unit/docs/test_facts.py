"""docs/reference/facts.md and budgets.md agree with the types and tables in the code."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from governance.domain.budgets import VALID_PERIODS, Period, Unit
from governance.domain.cedar_schema import CONTEXT
from governance.domain.kinds import GROUP_TYPES, RESOURCE_TYPES

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


def section(page: str, heading: str) -> str:
    text = (REFERENCE / page).read_text(encoding="utf-8")
    return re.split(r"^#{2,3} ", text.split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]


def flattened(context: Mapping[str, Any], prefix: str = "") -> set[str]:
    names: set[str] = set()
    for name, kind in context.items():
        path = prefix + name.removesuffix("?")
        names |= flattened(kind, f"{path}.") if isinstance(kind, Mapping) else {path}
    return names


def test_context_page_names_every_fact() -> None:
    first = re.findall(r"^\| (`[^|]+) \|", section("facts.md", "Context"), re.MULTILINE)
    documented = {name for cell in first for name in re.findall(r"`([\w.]+)`", cell)}

    assert documented == flattened(CONTEXT) | {"args"}


def test_action_page_names_every_kind_with_its_resource() -> None:
    table = section("facts.md", "Principal, actions, resources")
    rows = re.findall(r"^\| `([\w.]+)` \| `(\w+)` \| (?:`(\w+)` )?\|$", table, re.MULTILINE)

    assert rows == [(kind.value, name, GROUP_TYPES.get(name, "")) for kind, name in RESOURCE_TYPES.items()]


def test_budget_page_names_units_and_valid_periods() -> None:
    units = re.findall(r"^\| `(\w+)` \|", section("budgets.md", "Shape").split("| scope |")[0], re.MULTILINE)
    combinations = {
        scope: {period for period, word in zip(Period, words.split(" | "), strict=True) if word == "yes"}
        for scope, words in re.findall(
            r"^\| `(\w+)` \| ((?:yes|no)(?: \| (?:yes|no))+) \|$",
            section("budgets.md", "Valid combinations"),
            re.MULTILINE,
        )
    }

    assert units == list(Unit)
    assert combinations == {scope.value: set(periods) for scope, periods in VALID_PERIODS.items()}
