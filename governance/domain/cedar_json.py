"""The engine's JSON form of a rule, looked through."""

from collections.abc import Iterator, Mapping
from typing import Any


def walk(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every object inside a JSON value, however deep, without recursion."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def compares_action(rule: Mapping[str, Any], name: str) -> bool:
    """Tell whether a rule asks for exactly the action `name`, in its head or in a condition."""
    action = {"type": "Action", "id": name}
    scope = rule["action"]
    if scope.get("op") == "==" and scope.get("entity") == action:
        return True
    value = {"Value": {"__entity": action}}
    return any(
        value in item[operator].values()
        for item in walk(rule)
        for operator in ("==", "!=")
        if isinstance(item.get(operator), Mapping)
    )
