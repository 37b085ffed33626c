"""The Cedar schema that rules are validated against: our entities, actions and facts."""

from collections.abc import Mapping
from typing import Any, Final

import cedarpy
import orjson

from governance.domain import fact_reference
from governance.domain.kinds import GROUP_TYPES, RESOURCE_TYPES, Kind, tool_action
from governance.domain.tool_schemas import cedar_type

type CedarSchema = cedarpy.Schema
"""A parsed schema; costly to build, free to share between threads."""


def _attributes(types: Mapping[str, Any]) -> dict[str, Any]:
    """Spell a record: a name with `?` is optional, a value is a type's name or a nested record."""
    made: dict[str, Any] = {}
    for name, kind in types.items():
        if isinstance(kind, Mapping):
            shape: dict[str, Any] = {"type": "Record", "attributes": _attributes(kind)}
        elif kind == "Texts":
            shape = {"type": "Set", "element": {"type": "String"}}
        else:
            shape = {"type": kind}
        made[name.removesuffix("?")] = {**shape, "required": not name.endswith("?")}
    return made


CONTEXT: Final[dict[str, Any]] = fact_reference.context()
"""facts/v1 as rules see them in `context`; labels are texts `key=value`."""


def build_schema(tool_schemas: Mapping[str, Mapping[str, Any]]) -> CedarSchema:
    """Return the schema with an action of its own for each tool in `tool_schemas` (by slug).

    The tools' schemas have passed `tool_schemas.check_schema`.
    """
    return cedarpy.Schema.from_json_str(orjson.dumps(schema_document(tool_schemas)).decode())


def schema_document(tool_schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the schema in Cedar's JSON schema format."""
    groups = set(GROUP_TYPES.values())
    entities: dict[str, Any] = {name: {} for name in sorted(groups)} | {
        name: {"memberOfTypes": [GROUP_TYPES[name]] if name in GROUP_TYPES else []}
        for name in sorted(set(RESOURCE_TYPES.values()))
    }
    context = _attributes(CONTEXT)
    actions = {kind.value: _action(RESOURCE_TYPES[kind], context) for kind in Kind}
    for slug in sorted(tool_schemas):
        args = {**cedar_type(tool_schemas[slug]), "required": True}
        actions[tool_action(slug)] = {
            **_action("Tool", {**context, "args": args}),
            "memberOf": [{"id": Kind.TOOL_CALL.value}],
        }
    return {"": {"entityTypes": entities, "actions": actions}}


def _action(resource: str, context: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "appliesTo": {
            "principalTypes": ["Agent"],
            "resourceTypes": [resource],
            "context": {"type": "Record", "attributes": dict(context)},
        }
    }
