"""A tool's JSON Schema as Cedar types, and arguments checked against it.

Types come from schemas, never from values. The accepted subset is what Cedar can hold:

| JSON Schema               | Cedar                                                               |
|---------------------------|---------------------------------------------------------------------|
| string (enum, lengths)    | String                                                              |
| integer (minimum, maximum)| Long                                                                |
| number (minimum, maximum) | decimal: at most four places, up to 922337203685477.5807 either way |
| boolean                   | Bool                                                                |
| array (items, lengths)    | Set                                                                 |
| object (properties, …)    | Record                                                              |

Other keywords are refused at registration: a rule must not seem to be checked that is not.
A declared field that is null, of another type or beyond what Cedar holds does not fit.
Fields that are not declared are refused where `additionalProperties` is false, else no fact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from waxell.lib.canonical import MAX_INTEGER
from waxell.lib.errors import DomainError

MAX_LEVELS: Final = 8
MAX_FIELDS: Final = 200
_DECIMAL_LIMIT: Final = Decimal("922337203685477.5807")

_NOTES: Final = frozenset(("$schema", "$id", "title", "description", "default", "examples", "deprecated", "format"))
_KEYWORDS: Final[dict[str, frozenset[str]]] = {
    "string": frozenset(("enum", "minLength", "maxLength")),
    "integer": frozenset(("minimum", "maximum")),
    "number": frozenset(("minimum", "maximum")),
    "boolean": frozenset(),
    "array": frozenset(("items", "minItems", "maxItems")),
    "object": frozenset(("properties", "required", "additionalProperties")),
}
_CEDAR_NAMES: Final = {"string": "String", "integer": "Long", "boolean": "Boolean"}


class ToolSchemaInvalid(DomainError):
    """This JSON Schema cannot be turned into types that rules can rely on."""

    code = "tool_schema_invalid"
    status = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedArgs:
    """Arguments as Cedar's JSON, or the plain words why they do not fit. Never both."""

    typed: dict[str, Any] | None = None
    problem: str | None = None


class _Misfit(Exception):
    pass


def check_schema(schema: object) -> None:
    """Refuse a schema outside the subset. Raises ToolSchemaInvalid, which names the place."""
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        raise ToolSchemaInvalid("The schema of a tool's arguments has the type `object`.", path="")
    _check(schema, "", 1, [0])


def cedar_type(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the type, in Cedar's JSON schema format, of an accepted schema."""
    kind = schema["type"]
    if kind == "object":
        required = schema.get("required", ())
        return {
            "type": "Record",
            "attributes": {
                name: {**cedar_type(inner), "required": name in required}
                for name, inner in schema.get("properties", {}).items()
            },
        }
    if kind == "array":
        return {"type": "Set", "element": cedar_type(schema["items"])}
    if kind == "number":
        return {"type": "Extension", "name": "decimal"}
    return {"type": _CEDAR_NAMES[kind]}


def check_args(schema: Mapping[str, Any], args: object) -> CheckedArgs:
    """Type `args` by an accepted schema. Never raises."""
    try:
        typed = _typed(schema, {} if args is None else args, "")
    except _Misfit as misfit:
        return CheckedArgs(problem=str(misfit))
    return CheckedArgs(typed=typed)


def _check(schema: object, path: str, level: int, seen: list[int]) -> None:
    if level > MAX_LEVELS:
        raise ToolSchemaInvalid(f"At most {MAX_LEVELS} levels.", path=path)
    if not isinstance(schema, Mapping):
        raise ToolSchemaInvalid(f"`{path}` must be a schema.", path=path)
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in _KEYWORDS:
        raise ToolSchemaInvalid(f"`{path}` needs one type of {', '.join(_KEYWORDS)}.", path=path)
    if unknown := sorted(map(str, schema.keys() - _NOTES - _KEYWORDS[kind] - {"type"})):
        raise ToolSchemaInvalid(f"`{path}` uses `{unknown[0][:80]}`, not supported.", path=path)
    _check_limits(schema, path)
    if kind == "array":
        _check(schema.get("items"), f"{path}[]", level + 1, seen)
    if kind == "object":
        _check_object(schema, path, level, seen)


def _check_limits(schema: Mapping[str, Any], path: str) -> None:
    for name in ("minLength", "maxLength", "minItems", "maxItems"):
        limit = schema.get(name, 0)
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
            raise ToolSchemaInvalid(f"`{path}`: `{name}` must be a count.", path=path)
    for name in ("minimum", "maximum"):
        limit = schema.get(name, 0)
        if not isinstance(limit, int | float) or isinstance(limit, bool):
            raise ToolSchemaInvalid(f"`{path}`: `{name}` must be a number.", path=path)
    if "enum" in schema and not _is_list_of_texts(schema["enum"]):
        raise ToolSchemaInvalid(f"`{path}`: `enum` must list texts.", path=path)


def _check_object(schema: Mapping[str, Any], path: str, level: int, seen: list[int]) -> None:
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    if not isinstance(properties, Mapping) or not _is_list_of_texts(required):
        raise ToolSchemaInvalid(f"`{path}`: `properties` or `required` is malformed.", path=path)
    if not isinstance(schema.get("additionalProperties", True), bool):
        raise ToolSchemaInvalid(f"`{path}`: `additionalProperties` is true or false.", path=path)
    if missing := sorted(set(required) - properties.keys()):
        raise ToolSchemaInvalid(f"`{missing[0][:80]}` is required but not declared.", path=path)
    seen[0] += len(properties)
    if seen[0] > MAX_FIELDS:
        raise ToolSchemaInvalid(f"At most {MAX_FIELDS} fields.", path=path)
    for name, inner in properties.items():
        place = f"{path}.{name}".lstrip(".")
        # Cedar's JSON reads __entity, __extn and __expr as something else than a field.
        if not name or len(name) > 128 or name.startswith("__"):
            raise ToolSchemaInvalid(f"`{place[:160]}` cannot be a field's name.", path=path)
        _check(inner, place, level + 1, seen)


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _typed(schema: Mapping[str, Any], value: object, path: str) -> Any:
    match schema["type"]:
        case "string" if isinstance(value, str):
            _fit_count(schema, len(value), "Length", path)
            if "enum" in schema and value not in schema["enum"]:
                raise _Misfit(f"`{path}` is none of the declared values.")
            return value
        case "boolean" if isinstance(value, bool):
            return value
        case "integer" if isinstance(value, int) and not isinstance(value, bool):
            if abs(value) > MAX_INTEGER:
                raise _Misfit(f"`{path}` is too large.")
            _fit_range(schema, value, path)
            return value
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            _fit_range(schema, value, path)
            return {"__extn": {"fn": "decimal", "arg": _decimal(value, path)}}
        case "array" if isinstance(value, list):
            _fit_count(schema, len(value), "Items", path)
            return [_typed(schema["items"], item, f"{path}[]") for item in value]
        case "object" if isinstance(value, Mapping):
            return _typed_object(schema, value, path)
        case kind:
            raise _Misfit(f"`{path or 'args'}` must be of the type {kind}.")


def _typed_object(schema: Mapping[str, Any], value: Mapping[str, Any], path: str) -> Any:
    properties = schema.get("properties", {})
    prefix = f"{path}." if path else ""
    for name in schema.get("required", ()):
        if name not in value:
            raise _Misfit(f"`{prefix}{name}` is required.")
    if schema.get("additionalProperties") is False and value.keys() - properties.keys():
        raise _Misfit(f"`{path or 'args'}` has a field that is not declared.")
    return {name: _typed(inner, value[name], prefix + name) for name, inner in properties.items() if name in value}


def _fit_count(schema: Mapping[str, Any], count: int, what: str, path: str) -> None:
    if not schema.get(f"min{what}", 0) <= count <= schema.get(f"max{what}", count):
        raise _Misfit(f"`{path}` is too short or too long.")


def _fit_range(schema: Mapping[str, Any], value: float, path: str) -> None:
    if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        raise _Misfit(f"`{path}` is out of range.")


def _decimal(value: int | float, path: str) -> str:
    """Return `value` as Cedar writes decimals: a sign, digits, a point, one to four digits."""
    number = Decimal(repr(value))
    if not number.is_finite() or abs(number) > _DECIMAL_LIMIT:
        raise _Misfit(f"`{path}` is too large.")
    written = f"{number:f}"
    whole, _, places = written.partition(".")
    places = places.rstrip("0") or "0"
    if len(places) > 4:
        raise _Misfit(f"`{path}` has more than four decimal places.")
    return f"{whole}.{places}"
