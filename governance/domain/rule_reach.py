"""What a rule's text alone proves: of which actions it speaks, that it never can fire, or always does.

Nothing is guessed. A rule about which nothing is said here may still never fire.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import cedarpy
import orjson

from governance.domain.cedar_json import walk
from governance.domain.kinds import RESOURCE_TYPES, Kind, tool_action
from governance.domain.policies import EntityRef, Rule

WORKFLOW: Final = "execution.workflow"
TOOL_ACTION: Final = tool_action("")
LARGEST: Final = 2**63 - 1

BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "hour": (0, 23),
    "minute": (0, 59),
    "weekday": (1, 7),
    "now_ms": (0, LARGEST),
    "repeats": (0, LARGEST),
    "execution.attempt": (1, LARGEST),
    **{
        f"execution.{name}": (0, LARGEST)
        for name in (
            *("depth", "actions", "model_calls", "tool_calls", "refusals"),
            *("elapsed_seconds", "spent_usd_micros"),
        )
    },
    **{f"estimate.{name}": (0, LARGEST) for name in ("usd_micros", "tokens", "seconds")},
}
"""Between which numbers a fact always is."""

_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_NEGATED: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """`kinds` are those of which the rule speaks, `open` says that it speaks of all actions of these kinds.

    `never` tells why it cannot fire, "" where that is not proved. `always`: it fires at every such action.
    """

    kinds: frozenset[Kind]
    open: bool
    never: str = ""
    always: bool = False

    def covers(self, other: "Reach") -> bool:
        """Tell whether this rule fires wherever `other` could."""
        return self.always and other.kinds <= self.kinds


def reach(rule: Rule) -> Reach:
    """Say what the rule's text proves."""
    form = _json_form(rule)
    kinds, whole = _kinds(form["action"])
    # Every principal is an agent, and each kind of action has one type of resource.
    whole = whole and form["principal"]["op"] == "All"
    resource = form["resource"]
    if resource["op"] == "is" and "in" not in resource:
        kinds = frozenset(kind for kind in kinds if RESOURCE_TYPES[kind] == resource["entity_type"])
    else:
        whole = whole and resource["op"] == "All"
    conditions = [(item["body"], item["kind"] == "when") for item in form["conditions"]]
    literals = [literal for body, wanted in conditions for literal in _all_of(body, wanted)]
    return Reach(
        kinds=kinds,
        open=whole,
        never=_contradiction(literals),
        always=whole and all(_constant(*literal) is True for literal in literals),
    )


def _json_form(rule: Rule) -> dict[str, Any]:
    [form] = orjson.loads(cedarpy.policies_to_json_str(rule.text))["staticPolicies"].values()
    return dict(form)


type _Literal = tuple[Mapping[str, Any], bool]
"""An expression, and whether it has to be true."""


def _kinds(scope: Mapping[str, Any]) -> tuple[frozenset[Kind], bool]:
    """The kinds of action in scope, and whether these are in it as a whole."""
    if scope["op"] == "All":
        return frozenset(Kind), True
    named = [item["id"] for item in scope.get("entities", [scope.get("entity")])]
    return frozenset(Kind(name.partition("/")[0]) for name in named), not any("/" in name for name in named)


def _all_of(node: Mapping[str, Any], wanted: bool) -> Iterator[_Literal]:
    """Yield what has to hold together for the expression to be true (or false, where that is wanted)."""
    [(operator, given)] = node.items()
    if operator == "!":
        yield from _all_of(given["arg"], not wanted)
    elif operator == ("&&" if wanted else "||"):
        yield from _all_of(given["left"], wanted)
        yield from _all_of(given["right"], wanted)
    else:
        yield node, wanted


def _contradiction(literals: Iterable[_Literal]) -> str:
    """Tell why these cannot hold together; "" where that is not proved."""
    numbers: dict[str, tuple[int, int]] = {}
    texts: dict[str, str] = {}
    for node, wanted in literals:
        if _constant(node, wanted) is False:
            return "Its condition is never true."
        [(operator, given)] = node.items()
        if operator == ("||" if wanted else "&&"):
            branches = [_contradiction(_all_of(given[side], wanted)) for side in ("left", "right")]
            if all(branches):
                return branches[0]
            continue
        compared = _compared(node, wanted)
        if compared is None:
            continue
        path, sign, value = compared
        if isinstance(value, str):
            if sign == "==" and texts.setdefault(path, value) != value:
                return f"{path} would have to be “{texts[path]}” and “{value}” at once."
        else:
            low, high = numbers.get(path, BOUNDS.get(path, (-LARGEST - 1, LARGEST)))
            numbers[path] = low, high = _narrowed(low, high, sign, value)
            if low > high:
                return _impossible(path, sign, value)
    return ""


def _impossible(path: str, sign: str, value: int) -> str:
    least, most = BOUNDS.get(path, (-LARGEST - 1, LARGEST))
    alone = _narrowed(least, most, sign, value)
    if alone[0] <= alone[1]:
        return f"What it asks of {path} cannot be true at once."
    return f"It asks for {path} {sign} {value}, and {path} is " + (
        f"always from {least} to {most}." if most < LARGEST else f"never below {least}."
    )


def _narrowed(low: int, high: int, sign: str, value: int) -> tuple[int, int]:
    match sign:
        case "<":
            return low, min(high, value - 1)
        case "<=":
            return low, min(high, value)
        case ">":
            return max(low, value + 1), high
        case ">=":
            return max(low, value), high
        case "==":
            return max(low, value), min(high, value)
    return low, high


def _compared(node: Mapping[str, Any], wanted: bool) -> tuple[str, str, int | str] | None:
    """Read `context.path sign constant`, whichever way round it is written."""
    [(operator, given)] = node.items()
    if operator not in _TURNED:
        return None
    sign = operator if wanted else _NEGATED[operator]
    left, right = given["left"], given["right"]
    if (path := _path(left)) and _plain(right) is not None:
        return path, sign, right["Value"]
    if (path := _path(right)) and _plain(left) is not None:
        return path, _TURNED[sign], left["Value"]
    return None


def _plain(node: Mapping[str, Any]) -> int | str | None:
    value = node.get("Value")
    return value if type(value) in (int, str) else None


def _path(node: Mapping[str, Any]) -> str:
    """The member of the context that an expression names: `execution.depth`; "" for anything else."""
    names: list[str] = []
    while "." in node:
        names.append(node["."]["attr"])
        node = node["."]["left"]
    return ".".join(reversed(names)) if names and node == {"Var": "context"} else ""


def _constant(node: Mapping[str, Any], wanted: bool) -> bool | None:
    value = node.get("Value")
    return value == wanted if type(value) is bool else None


def mentions(rule: Rule) -> frozenset[EntityRef]:
    """Return what a rule names: its entities, tools by their own action, workflows by comparing their name."""
    found = set(rule.entities)
    for item in walk(_json_form(rule)):
        if item.get("type") == "Action" and str(item.get("id")).startswith(TOOL_ACTION):
            found.add(EntityRef(type="Tool", id=str(item["id"]).removeprefix(TOOL_ACTION)))
        for name in _workflows(item):
            found.add(EntityRef(type="Workflow", id=name))
    return frozenset(found)


def _workflows(item: Mapping[str, Any]) -> Iterator[str]:
    """Names in `context.execution.workflow == "…"` and `["…", "…"].contains(context.execution.workflow)`."""
    for operator in ("==", "!=", "contains"):
        given = item.get(operator)
        if not isinstance(given, Mapping) or "left" not in given:
            continue
        sides = (given["left"], given["right"])
        if WORKFLOW in (_path(side) for side in sides if isinstance(side, Mapping)):
            for side in sides:
                values = side.get("Set", [side])
                yield from (value["Value"] for value in values if isinstance(value.get("Value"), str))
