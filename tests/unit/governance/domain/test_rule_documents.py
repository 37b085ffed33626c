"""Changing one rule of a text leaves every other byte where it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain import policies
from governance.domain.rule_forms_document import RuleDocument

ONE = '@id("one")\n  permit ( principal, action,resource );'
TWO = '@id("two") @message("No; // no.") // why\nforbid (principal, action, resource)\nwhen { context.hour<6 };'
THREE = '@id("three")\npermit (principal, action, resource);'
TEXT = f"// Heading\n\n// about one\n{ONE}  // behind one\n\n\n{TWO}\n// about three\n{THREE} // last"

GAPS = st.sampled_from(["", "\n", " ", "\n\n", "\n// note\n", " // behind\n", "\n// head\n\n// about\n", "\t\n  \n"])
NEW = '@id("new")\npermit (principal, action, resource);'


def ids(text: str) -> list[str]:
    found = policies.parse(text)
    assert found.valid, found.errors
    return [rule.id for rule in found.rules]


@st.composite
def texts(draw: st.DrawFn) -> str:
    rules = [ONE, TWO, THREE]
    return "".join(draw(GAPS) + rule for rule in rules) + draw(GAPS | st.just(" // at the end"))


@settings(max_examples=60, deadline=None)
@given(text=texts(), index=st.integers(0, 2), to=st.integers(0, 2))
def test_each_change_is_the_change_and_no_comment_is_lost(text: str, index: int, to: int) -> None:
    document = RuleDocument.of(text)
    before = ["one", "two", "three"]

    assert document.text == text
    assert ids(document.added(NEW).text) == [*before, "new"]
    assert ids(document.without(index).text) == [one for one in before if one != before[index]]
    assert ids(document.rewritten(index, NEW).text) == [*before[:index], "new", *before[index + 1 :]]
    moved = document.moved(index, to)
    order = before.copy()
    order.insert(to, order.pop(index))
    assert ids(moved.text) == order
    assert sorted("".join(moved.text.split())) == sorted("".join(text.split()))
    kept = document.rewritten(index, NEW).text
    for other in (rule for at, rule in enumerate([ONE, TWO, THREE]) if at != index):
        assert other in kept


def test_a_rewritten_rule_keeps_its_comments_above_it() -> None:
    assert RuleDocument.of(TEXT).rewritten(1, NEW).text == TEXT.replace(TWO, f"// why\n{NEW}")


def test_a_rule_takes_its_comments_along_and_leaves_the_heading() -> None:
    text = RuleDocument.of(TEXT).moved(0, 2).text

    assert text.startswith("// Heading\n\n" + TWO)
    assert text.endswith(f"{THREE} // last\n// about one\n{ONE}  // behind one")


def test_a_rule_that_goes_takes_its_comments_and_leaves_the_heading() -> None:
    document = RuleDocument.of(TEXT)

    assert document.without(0).text == f"// Heading\n\n{TWO}\n// about three\n{THREE} // last"
    assert document.without(2).text == f"// Heading\n\n// about one\n{ONE}  // behind one\n\n\n{TWO}"


@pytest.mark.parametrize("text", ["", "\n", "// nothing yet", "// nothing yet\n\n"])
def test_a_rule_is_added_to_a_text_without_any(text: str) -> None:
    made = RuleDocument.of(text).added(NEW).text

    assert ids(made) == ["new"]
    assert made.startswith(text.strip())
