"""The folder in the documentation is one that can be read."""

import re
from pathlib import Path

from governance.domain import rule_files


def test_the_folder_of_the_documentation_can_be_read() -> None:
    page = (Path(__file__).parents[4] / "docs" / "rules-as-files.md").read_text(encoding="utf-8")
    (main,) = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    beside = {"waxell.toml": main, "payments.refund.json": '{"type": "object"}', "refunds.cedar": ""}

    rules = rule_files.read(beside.__getitem__)

    assert rules.project == "production"
    assert {one.kind for one in rules.desired} == {
        "teams",
        "agents", "tools", "models", "workflows", "groups", "policies", "budgets",
    }  # fmt: skip
