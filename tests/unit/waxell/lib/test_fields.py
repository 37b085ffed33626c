"""Fields of a body: typed, bounded, and none that nobody asked for."""

from collections.abc import Callable

import pytest

from waxell.lib.fields import Fields, InvalidField, UnknownField


def test_reads_every_type() -> None:
    fields = Fields(
        {
            "name": "a",
            "count": 3,
            "usd": 0.1,
            "on": True,
            "args": {"x": 1},
            "tags": ["a", "b"],
            "estimate": {"tokens": 5},
            "nothing": None,
            "id": "01a20ab4-95a1-76fe-89b5-8ace3c9f1d14",
        }
    )
    nested = fields.nested("estimate")
    assert nested is not None
    assert (fields.text("name"), fields.integer("count"), fields.usd("usd")) == ("a", 3, 100_000)
    assert (fields.boolean("on"), fields.mapping("args")) == (True, {"x": 1})
    assert fields.texts("tags") == ("a", "b")
    assert fields.optional_text("nothing") is None
    assert str(fields.uuid("id")).startswith("01a20ab4")
    assert nested.integer("tokens") == 5
    nested.finish()
    fields.finish()


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda fields: fields.text("x"), 5),
        (lambda fields: fields.text("x"), None),
        (lambda fields: fields.text("x"), ""),
        (lambda fields: fields.text("x", choices=("a", "b")), "c"),
        (lambda fields: fields.integer("x"), True),
        (lambda fields: fields.integer("x"), 1.0),
        (lambda fields: fields.integer("x"), -1),
        (lambda fields: fields.integer("x", maximum=5), 6),
        (lambda fields: fields.usd("x"), "1.0000001"),
        (lambda fields: fields.boolean("x"), 1),
        (lambda fields: fields.mapping("x"), []),
        (lambda fields: fields.texts("x"), "ab"),
        (lambda fields: fields.texts("x"), ["a", 1]),
        (lambda fields: fields.uuid("x"), "12"),
    ],
)
def test_a_wrong_value_is_refused_by_name(read: Callable[[Fields], object], value: object) -> None:
    with pytest.raises(InvalidField, match=r"^x ") as caught:
        read(Fields({"x": value}))
    assert caught.value.members == {"field": "x"}
    assert caught.value.status == 400


def test_an_unknown_field_is_refused_by_its_path() -> None:
    fields = Fields({"estimate": {"usd": 1, "euro": 2}})
    nested = fields.nested("estimate")
    assert nested is not None
    nested.usd("usd")
    with pytest.raises(UnknownField, match=r"estimate\.euro"):
        nested.finish()


@pytest.mark.parametrize("body", [[], "text", None, 5])
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    with pytest.raises(InvalidField, match="must be an object"):
        Fields(body)
