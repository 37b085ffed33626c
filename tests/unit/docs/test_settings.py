"""docs/reference/settings.md names every variable that is read, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
READ = re.compile(
    r"""(?:_truth|_words|environ\.get|environ\.setdefault|environ|kept\.get)[\[(]\s*["']([A-Z][A-Z_]+)["']"""
)
# Django's own, set by us and never by whoever runs Waxell.
OURS = {"DJANGO_SETTINGS_MODULE"}
# A WSGI request's environment is one of its own.
OF_A_REQUEST = re.compile(r"REQUEST_METHOD|PATH_INFO|SCRIPT_NAME|QUERY_STRING|CONTENT_[A-Z]+|HTTP_[A-Z_]+")


def read_variables() -> set[str]:
    found: set[str] = set()
    for package in ("waxell", "governance", "executions"):
        for file in (ROOT / package).rglob("*.py"):
            found |= set(READ.findall(file.read_text(encoding="utf-8")))
    return {name for name in found - OURS if not OF_A_REQUEST.fullmatch(name)}


def test_settings_page_names_every_variable_that_is_read() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([A-Z][A-Z_]+)` \|", page, re.MULTILINE))

    assert documented == read_variables()
