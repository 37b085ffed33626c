"""docs/reference/facts.md is the generated page, and budgets.md agrees with the tables in the code."""

import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from governance.domain.budgets import VALID_PERIODS, Period, Unit
from governance.management.commands import facts

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


def section(page: str, heading: str) -> str:
    text = (REFERENCE / page).read_text(encoding="utf-8")
    return re.split(r"^#{2,3} ", text.split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]


def test_the_page_of_facts_is_the_generated_one() -> None:
    assert (REFERENCE / "facts.md").read_text(encoding="utf-8") == facts.draw()


def test_a_stale_page_of_facts_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(facts, "FILE", tmp_path / "facts.md")
    call_command("facts")
    call_command("facts", check=True)
    facts.FILE.write_text("# Facts\n", encoding="utf-8")

    with pytest.raises(CommandError, match=r"manage\.py facts"):
        call_command("facts", check=True)


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
