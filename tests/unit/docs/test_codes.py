"""The tables of codes in docs/reference/rest.md name exactly the codes that can be answered."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

from waxell.lib import problems
from waxell.lib.errors import DomainError

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "rest.md").read_text(encoding="utf-8")
PACKAGES = ("waxell", "governance", "executions")
# What the sealer and its commands say on a terminal; no request raises these.
TERMINAL_ONLY = "waxell.ledger.services."


def rows(heading: str) -> dict[str, str]:
    """Return the first two columns of the table under a heading."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, re.MULTILINE))


def domain_errors() -> dict[str, set[int]]:
    for package in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if ".migrations." not in module.name:
                importlib.import_module(module.name)
    found: dict[str, set[int]] = {}
    waiting: list[type[DomainError]] = [DomainError]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if kind.__module__.split(".")[0] in PACKAGES and not kind.__module__.startswith(TERMINAL_ONLY):
            found.setdefault(kind.code, set()).add(kind.status)
    return found


def test_problem_codes_are_those_of_the_code() -> None:
    source = inspect.getsource(problems)
    framework = set(re.findall(r'_plain\(\d+, "(\w+)"', source)) | set(problems._REST_CODES.values())

    documented = rows("Problems")

    assert set(documented) == set(domain_errors()) | framework


def test_problem_codes_have_the_status_they_are_answered_with() -> None:
    documented = {code: int(status) for code, status in rows("Problems").items()}

    wrong = {code: statuses for code, statuses in domain_errors().items() if {documented.get(code)} != statuses}

    assert wrong == {}


def test_reason_codes_are_documented() -> None:
    written: set[str] = set()
    for folder in ("executions/services", "executions/runner", "governance/domain"):
        for file in (ROOT / folder).rglob("*.py"):
            source = file.read_text(encoding="utf-8")
            written |= set(re.findall(r'\bcode="([a-z_]+)"', source))
            written |= set(re.findall(r'else "(approval_\w+)"', source))
    causes = (ROOT / "governance" / "domain" / "causes.py").read_text(encoding="utf-8")
    written |= set(re.findall(r'\(ended\.\w+, "(\w+)"', causes))

    assert written == set(rows("Codes of reasons"))
