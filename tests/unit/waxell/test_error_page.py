"""The page for errors that nobody anticipated needs nothing that could fail as well."""

from pathlib import Path
from typing import Final

from django.template.loader import get_template

PAGE: Final = Path(__file__).resolve().parents[3] / "templates/500.html"


def test_the_page_stands_alone_and_names_files_that_exist() -> None:
    text = PAGE.read_text(encoding="utf-8")
    sheets = [line.partition('href="/')[2].partition('"')[0] for line in text.splitlines() if "stylesheet" in line]

    assert "{%" not in text
    assert "{{" not in text
    assert [sheet for sheet in sheets if not (PAGE.parents[1] / sheet).is_file()] == []
    assert len(sheets) > 1
    assert get_template("500.html").render() == text
