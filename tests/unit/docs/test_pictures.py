"""The pictures of the documentation: each is shown somewhere, and none is heavy."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.png"))
MOST_BYTES = 300_000


def test_every_picture_is_shown_on_a_page() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    shown = {
        (page.parent / name).resolve()
        for page in pages
        for name in re.findall(r'(?:!\[[^\]]*\]\(|<img src=")([^)"\s]+\.png)', page.read_text(encoding="utf-8"))
    }
    assert shown == set(PICTURES)


def test_pictures_are_light() -> None:
    assert {picture.name: size for picture in PICTURES if (size := picture.stat().st_size) > MOST_BYTES} == {}
