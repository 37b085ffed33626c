"""The part of Cedar that rules use, interpreted over the engine's JSON form of a rule.

https://docs.cedarpolicy.com/policies/json-format.html says what each node means, and
https://docs.cedarpolicy.com/policies/syntax-operators.html what each operator does with which types.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

LARGEST, SMALLEST = 2**63 - 1, -(2**63)


class CannotEvaluate(Exception):
    """A rule asks for what is not there, or does with a value what its type does not allow."""


@dataclass(frozen=True)
class Entity:
    type: str
    id: str


@dataclass(frozen=True)
class Asked:
    """One request: whose, what, on what, what is known, and the groups that each entity is in."""

    principal: Entity
    action: Entity
    resource: Entity
    context: Mapping[str, Any]
    parents: Mapping[Entity, frozenset[Entity]]

    def within(self, entity: Entity, group: Entity) -> bool:
        return entity == group or any(self.within(parent, group) for parent in self.parents.get(entity, ()))


def fires(rule: Mapping[str, Any], asked: Asked) -> bool:
    """Tell whether a rule (its JSON form) matches. Raises CannotEvaluate."""
    for variable in ("principal", "action", "resource"):
        if not _in_scope(rule[variable], getattr(asked, variable), asked):
            return False
    for condition in rule["conditions"]:
        if _truth(value_of(condition["body"], asked)) != (condition["kind"] == "when"):
            return False
    return True


def _in_scope(scope: Mapping[str, Any], entity: Entity, asked: Asked) -> bool:
    match scope["op"]:
        case "All":
            return True
        case "==":
            return entity == Entity(**scope["entity"])
        case "in":
            groups = scope["entities"] if "entities" in scope else [scope["entity"]]
            return any(asked.within(entity, Entity(**group)) for group in groups)
        case "is":
            inside = "in" not in scope or asked.within(entity, Entity(**scope["in"]["entity"]))
            return entity.type == scope["entity_type"] and inside
    raise NotImplementedError(scope)


def value_of(node: Mapping[str, Any], asked: Asked) -> Any:
    """Evaluate one expression: bool, int, str, Decimal, Entity, list (a set) or dict (a record)."""
    [(operator, given)] = node.items()
    match operator:
        case "Value":
            return Entity(**given["__entity"]) if isinstance(given, dict) else given
        case "Var":
            return getattr(asked, given)
        case "&&":
            return _truth(value_of(given["left"], asked)) and _truth(value_of(given["right"], asked))
        case "||":
            return _truth(value_of(given["left"], asked)) or _truth(value_of(given["right"], asked))
        case "!":
            return not _truth(value_of(given["arg"], asked))
        case "neg":
            return _number(-_number(value_of(given["arg"], asked)))
        case "if-then-else":
            return value_of(given["then" if _truth(value_of(given["if"], asked)) else "else"], asked)
        case "Set":
            return [value_of(item, asked) for item in given]
        case "Record":
            return {name: value_of(item, asked) for name, item in given.items()}
        case "." | "has":
            record = value_of(given["left"], asked)
            if isinstance(record, Entity):
                # Our entities have no attributes.
                record = {}
            if not isinstance(record, dict):
                raise CannotEvaluate(node)
            if operator == "has":
                return given["attr"] in record
            if given["attr"] not in record:
                raise CannotEvaluate(node)
            return record[given["attr"]]
        case "like":
            return _like(_text(value_of(given["left"], asked)), given["pattern"])
        case "is":
            return _entity(value_of(given["left"], asked)).type == given["entity_type"]
        case "isEmpty":
            return not _set(value_of(given["arg"], asked))
        case "decimal":
            return Decimal(_text(value_of(given[0], asked)))
        case "lessThan" | "lessThanOrEqual" | "greaterThan" | "greaterThanOrEqual":
            left, right = (_decimal(value_of(part, asked)) for part in given)
            return _COMPARED[operator](left, right)
    return _of_two(operator, value_of(given["left"], asked), value_of(given["right"], asked), asked)


def _of_two(operator: str, left: Any, right: Any, asked: Asked) -> Any:
    match operator:
        case "==":
            return same(left, right)
        case "!=":
            return not same(left, right)
        case "<" | "<=" | ">" | ">=":
            return _COMPARED[operator](_number(left), _number(right))
        case "+":
            return _number(_number(left) + _number(right))
        case "-":
            return _number(_number(left) - _number(right))
        case "*":
            return _number(_number(left) * _number(right))
        case "in":
            # Every type is looked at before the first answer counts.
            left, groups = _entity(left), [_entity(one) for one in (right if isinstance(right, list) else [right])]
            return any(asked.within(left, group) for group in groups)
        case "contains":
            return any(same(item, right) for item in _set(left))
        case "containsAll":
            return all(any(same(item, wanted) for item in _set(left)) for wanted in _set(right))
        case "containsAny":
            return any(any(same(item, wanted) for item in _set(left)) for wanted in _set(right))
    raise NotImplementedError(operator)


_COMPARED: Mapping[str, Any] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "lessThan": lambda left, right: left < right,
    "lessThanOrEqual": lambda left, right: left <= right,
    "greaterThan": lambda left, right: left > right,
    "greaterThanOrEqual": lambda left, right: left >= right,
}


def same(left: Any, right: Any) -> bool:
    """Cedar's equality: values of different types are never equal, and that is no error."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return all(any(same(one, other) for other in right) for one in left) and all(
            any(same(one, other) for other in left) for one in right
        )
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    return bool(left == right)


def _like(text: str, pattern: list[Any]) -> bool:
    if not pattern:
        return not text
    head, *rest = pattern
    if head == "Wildcard":
        return any(_like(text[start:], rest) for start in range(len(text) + 1))
    return text.startswith(head["Literal"]) and _like(text[len(head["Literal"]) :], rest)


def _checked(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise CannotEvaluate(value)
    return value


def _truth(value: Any) -> bool:
    return bool(_checked(value, bool))


def _text(value: Any) -> str:
    return str(_checked(value, str))


def _set(value: Any) -> list[Any]:
    return list(_checked(value, list))


def _decimal(value: Any) -> Decimal:
    return Decimal(_checked(value, Decimal))


def _entity(value: Any) -> Entity:
    if not isinstance(value, Entity):
        raise CannotEvaluate(value)
    return value


def _number(value: Any) -> int:
    if not SMALLEST <= _checked(value, int) <= LARGEST:
        raise CannotEvaluate(value)
    return int(value)
