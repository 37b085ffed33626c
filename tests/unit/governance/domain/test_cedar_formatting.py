"""The engine's layout: the same rules and remarks, and a text that cannot be read stays as it is."""

import pytest

from governance.domain.cedar_formatting import NotFormatted, format_text

PLAIN = """// Why we have it.
@id("a") @message("No.") forbid(principal,action,resource) when{context.hour<3&&context.day=="2026-01-01" // why
}; // and more
"""


def test_layout_keeps_rules_and_remarks_and_is_done_once() -> None:
    made = format_text(PLAIN)

    assert "forbid (principal, action, resource)\nwhen\n{" in made
    assert [remark in made for remark in ("// Why we have it.", "// why", "// and more")] == [True] * 3
    assert format_text(made) == made


@pytest.mark.parametrize(
    ("text", "told", "line"),
    [
        ("permit (principal,\naction resource);", "unexpected token", 2),
        ("x" * 1_000_000, "at most 65536 bytes", None),
        ("permit (principal, action, resource) when { " + "(" * 5000, "brackets inside each other", 1),
        ("permit (principal, action, resource) when { " + "!" * 5000 + "true };", "operators and brackets", 1),
        ("\n\x00\x01\x02", "bytes of something else", 2),
        ("\x89PNG\r\n\x1a\n", "Not Cedar", 1),
    ],
)
def test_what_cannot_be_read_is_left_with_its_reason(text: str, told: str, line: int | None) -> None:
    with pytest.raises(NotFormatted) as refused:
        format_text(text)

    first = refused.value.errors[0]
    assert told in first.message
    assert first.line == line
