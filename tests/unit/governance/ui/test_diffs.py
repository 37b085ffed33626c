from hypothesis import given, settings
from hypothesis import strategies as st

from governance.ui import diffs

LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12).map("\n".join)


def test_both_texts_stand_beside_each_other():
    pairs = diffs.side_by_side("one\ntwo\nthree", "one\n2\n2b\nthree")

    shown = [(pair.kind, pair.before and pair.before.text, pair.after and pair.after.text) for pair in pairs]
    assert shown == [
        ("same", "one", "one"),
        ("changed", "two", "2"),
        ("changed", None, "2b"),
        ("same", "three", "three"),
    ]
    assert pairs[3].after is not None
    assert pairs[3].after.number == 4


@settings(deadline=None)
@given(before=LINES, after=LINES)
def test_both_ways_to_compare_show_the_same_lines(before, after):
    unified, pairs = diffs.compare(before, after), diffs.side_by_side(before, after)

    removed = [line.text for line in unified if line.kind == "removed"]
    added = [line.text for line in unified if line.kind == "added"]
    assert removed == [pair.before.text for pair in pairs if pair.kind == "changed" and pair.before]
    assert added == [pair.after.text for pair in pairs if pair.kind == "changed" and pair.after]
