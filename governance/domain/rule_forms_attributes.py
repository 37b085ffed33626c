"""The attributes that a form offers, from the schema that the engine checks rules against."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from governance.domain.cedar_schema import schema_document
from governance.domain.kinds import Kind, tool_action
from governance.domain.rule_forms import Attribute, Path

type Schemas = Mapping[str, Mapping[str, Any]]

_TOOL_PREFIX: Final = tool_action("")
_NAMES: Final = ("Long", "String", "Boolean")


def offered(schemas: Schemas, actions: Iterable[str]) -> dict[Path, Attribute]:
    """Return what conditions can look at under these actions, by path.

    Arguments are there where one tool with a schema is all that the rule is about. `schemas` are by tool.
    """
    tool = named_tool(actions)
    known = {tool: schemas[tool]} if tool is not None and tool in schemas else {}
    document = schema_document(known)[""]["actions"]
    action = document[tool_action(*known) if known else Kind.TOOL_CALL.value]
    found = _attributes(action["appliesTo"]["context"]["attributes"], (), ())
    return {attribute.path: attribute for attribute in found}


def named_tool(actions: Iterable[str]) -> str | None:
    """Return the tool that a rule is about if it is about the calls of one tool with a schema."""
    match tuple(actions):
        case (only,) if only.startswith(_TOOL_PREFIX):
            return only.removeprefix(_TOOL_PREFIX)
    return None


def _attributes(members: Mapping[str, Any], above: Path, guards: tuple[Path, ...]) -> Iterator[Attribute]:
    for name, shape in members.items():
        path = (*above, name)
        asked = guards if shape["required"] else (*guards, path)
        if shape["type"] == "Record":
            if asked:
                yield Attribute(path=path, type="Record", guards=asked)
            yield from _attributes(shape["attributes"], path, asked)
        elif kind := _type(shape):
            yield Attribute(path=path, type=kind, guards=asked)


def _type(shape: Mapping[str, Any]) -> str | None:
    if shape["type"] == "Extension":
        return str(shape["name"])
    if shape["type"] == "Set":
        return "Texts" if shape["element"]["type"] == "String" else None
    return shape["type"] if shape["type"] in _NAMES else None
