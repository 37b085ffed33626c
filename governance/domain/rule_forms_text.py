"""A rule in Cedar's JSON form as text that people like to read, proved against the engine's own reading of it."""

from collections.abc import Mapping
from typing import Any, Final

import cedarpy
import orjson

from governance.domain import cedar_writing as cedar

type Json = Mapping[str, Any]

_OR, _AND, _RELATION, _UNARY, _MEMBER = range(1, 6)
_CHAINS: Final = {"||": _OR, "&&": _AND}
_RELATIONS: Final = ("==", "!=", "<", "<=", ">", ">=", "in")
_METHODS: Final = ("contains", "containsAny", "containsAll")
_DECIMAL_METHODS: Final = ("lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual")


class _Unprintable(Exception):
    pass


def to_text(est: Json) -> str:
    """Return the rule as text that the engine reads as exactly `est`; without a line's end behind it."""
    try:
        text = _rule(est)
        if to_est(text) == est:
            return text
    except (_Unprintable, ValueError):
        pass
    document = {"staticPolicies": {"rule": est}, "templates": {}, "templateLinks": []}
    return cedarpy.policies_from_json_str(orjson.dumps(document).decode()).strip()


def to_est(text: str) -> dict[str, Any]:
    """Return the JSON form of the one rule in `text`. Raises ValueError where it is not one rule."""
    (est,) = orjson.loads(cedarpy.policies_to_json_str(text))["staticPolicies"].values()
    return dict(est)


def _rule(est: Json) -> str:
    lines = [f"@{name}({cedar.text(value)})" for name, value in est.get("annotations", {}).items()]
    scopes = ",\n  ".join(_scope(name, est[name]) for name in ("principal", "action", "resource"))
    lines.append(f"{est['effect']} (\n  {scopes}\n)")
    for block in est["conditions"]:
        parts, body = [], block["body"]
        while "&&" in body:
            parts.append(body["&&"]["right"])
            body = body["&&"]["left"]
        written = " &&\n  ".join(_expression(part, _RELATION) for part in (body, *reversed(parts)))
        if not parts:
            written = _expression(body, _OR)
        lines.append(f"{block['kind']} {{\n  {written}\n}}")
    return "\n".join(lines) + ";"


def _scope(name: str, scope: Json) -> str:
    match scope:
        case {"op": "All"}:
            return name
        case {"op": "in", "entities": list(entities)}:
            return f"{name} in [{', '.join(cedar.entity(one['type'], one['id']) for one in entities)}]"
        case {"op": "==" | "in" as operator, "entity": {"type": kind, "id": one}}:
            return f"{name} {operator} {cedar.entity(kind, one)}"
    raise _Unprintable


def _expression(expression: Json, level: int) -> str:
    """Write an expression for a place that takes the operators of `level` and those that bind tighter."""
    written, own = _written(expression)
    return written if own >= level else f"({written})"


def _written(expression: Json) -> tuple[str, int]:
    ((operator, parts),) = expression.items()
    match operator, parts:
        case (("||" | "&&"), {"left": left, "right": right}):
            own = _CHAINS[operator]
            return f"{_expression(left, own)} {operator} {_expression(right, own + 1)}", own
        case str(), {"left": left, "right": right} if operator in _RELATIONS:
            return f"{_expression(left, _UNARY)} {operator} {_expression(right, _UNARY)}", _RELATION
        case str(), {"left": left, "right": right} if operator in _METHODS:
            return f"{_expression(left, _MEMBER)}.{operator}({_expression(right, _OR)})", _MEMBER
        case str(), [left, right] if operator in _DECIMAL_METHODS:
            return f"{_expression(left, _MEMBER)}.{operator}({_expression(right, _OR)})", _MEMBER
        case "has", {"left": left, "attr": str(name)}:
            return cedar.presence(_expression(left, _MEMBER), name), _RELATION
        case "like", {"left": left, "pattern": list(pattern)}:
            return f"{_expression(left, _MEMBER)} like {cedar.like(pattern)}", _RELATION
        case "!", {"arg": argument}:
            return f"!{_expression(argument, _MEMBER)}", _UNARY
        case ".", {"left": left, "attr": str(name)}:
            return cedar.attribute(_expression(left, _MEMBER), name), _MEMBER
        case "decimal", [{"Value": str(value)}]:
            return f"decimal({cedar.text(value)})", _MEMBER
        case "Set", list(members):
            return f"[{', '.join(_expression(member, _OR) for member in members)}]", _MEMBER
        case "Var", str(name):
            return name, _MEMBER
        case "Value", value:
            return _value(value), _MEMBER
    raise _Unprintable


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return cedar.text(value)
        case {"__entity": {"type": str(kind), "id": str(name)}}:
            return cedar.entity(kind, name)
    raise _Unprintable
