"""Templates hold nothing that a strict content security policy would refuse, or that text could use."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
TEMPLATES: Final = sorted((ROOT / "templates").rglob("*.html"))

COMMENTS: Final = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)
REFUSED: Final[dict[str, re.Pattern[str]]] = {
    "a filter that trusts text": re.compile(r"\|\s*(?:safe|safeseq)\b|\{%\s*autoescape\s+off"),
    "an inline style": re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "an event handler": re.compile(r"\son[a-z]+\s*=\s*[\"'{]", re.IGNORECASE),
    "a script in an htmx attribute": re.compile(r"\bhx-on\b|\bhx-vals\s*=\s*[\"']js:|\bjavascript:", re.IGNORECASE),
    "a trigger filter, which is evaluated": re.compile(r"hx-trigger\s*=\s*\"[^\"]*\["),
    "something of another host": re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)\s*=\s*[\"'](?:https?:)?//"),
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_runs_nothing(path: Path) -> None:
    text = re.sub(
        r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
    )

    found = {what: pattern.findall(text) for what, pattern in REFUSED.items() if pattern.search(text)}

    assert found == {}


def test_python_trusts_no_text_either() -> None:
    trusted = [
        str(path.relative_to(ROOT))
        for app in ("waxell", "governance", "executions")
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"\bmark_safe\(|\bSafeString\(|csrf_exempt", path.read_text(encoding="utf-8"))
    ]
    assert sorted(trusted) == sorted(TRUSTED)


TRUSTED: Final[dict[str, str]] = {}
"""Modules that mark something as safe HTML or free of CSRF, with the reason."""


def test_folders_hold_pages_and_not_parts() -> None:
    assert [path for path in (ROOT / "templates").rglob("*") if path.is_dir() and path.name == "partials"] == []
