"""A tool's schema as types, and arguments that do or do not fit it."""

import pytest

from governance.domain.tool_schemas import ToolSchemaInvalid, check_args, check_schema

SCHEMA = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "maxLength": 10},
        "mode": {"type": "string", "enum": ["r", "w"]},
        "count": {"type": "integer", "minimum": 0},
        "price": {"type": "number"},
        "deep": {"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string"}}}},
    },
    "required": ["path"],
}


def test_arguments_become_typed() -> None:
    check_schema(SCHEMA)
    checked = check_args(
        SCHEMA,
        {"path": "a", "count": 3, "price": 1.5, "deep": {"tags": ["x"]}, "unknown": 1},
    )
    assert checked.problem is None
    assert checked.typed == {
        "path": "a",
        "count": 3,
        "price": {"__extn": {"fn": "decimal", "arg": "1.5"}},
        "deep": {"tags": ["x"]},
    }


@pytest.mark.parametrize(
    ("args", "place"),
    [
        (None, "path"),
        ([], "args"),
        ({"path": None}, "path"),
        ({"path": 1}, "path"),
        ({"path": "x" * 11}, "path"),
        ({"path": "a", "mode": "x"}, "mode"),
        ({"path": "a", "count": True}, "count"),
        ({"path": "a", "count": 1.0}, "count"),
        ({"path": "a", "count": -1}, "count"),
        ({"path": "a", "count": 2**60}, "count"),
        ({"path": "a", "price": 0.12345}, "price"),
        ({"path": "a", "price": 1e20}, "price"),
        ({"path": "a", "deep": {"tags": ["x", None]}}, "deep.tags[]"),
    ],
)
def test_arguments_that_do_not_fit_are_named_without_their_value(args: object, place: str) -> None:
    checked = check_args(SCHEMA, args)
    assert checked.typed is None
    assert checked.problem is not None
    assert f"`{place}`" in checked.problem


@pytest.mark.parametrize(
    ("inner", "complaint"),
    [
        ({"type": ["string", "null"]}, "needs one type"),
        ({"anyOf": []}, "needs one type"),
        ({"type": "null"}, "needs one type"),
        ({"type": "string", "pattern": "^a+$"}, "pattern"),
        ({"type": "array"}, "must be a schema"),
        ({"type": "object", "required": ["a"]}, "not declared"),
        ({"type": "object", "properties": {"__entity": {"type": "string"}}}, "cannot be a field"),
        ({"type": "integer", "minimum": "a"}, "number"),
        ({"type": "string", "maxLength": -1}, "count"),
    ],
)
def test_a_schema_outside_the_subset_is_refused(inner: object, complaint: str) -> None:
    with pytest.raises(ToolSchemaInvalid, match=complaint):
        check_schema({"type": "object", "properties": {"field": inner}})


def test_limits_of_zero_are_limits() -> None:
    check_schema({"type": "object", "properties": {"a": {"type": "integer", "minimum": 0, "maximum": 1}}})


def test_deep_schemas_are_refused() -> None:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(2000):
        schema = {"type": "object", "properties": {"a": schema}}
    with pytest.raises(ToolSchemaInvalid, match="levels"):
        check_schema(schema)
