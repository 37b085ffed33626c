"""One condition of a rule, from Cedar's JSON form: an attribute compared with fixed values."""

from collections.abc import Mapping
from typing import Any, Final

from governance.domain.rule_forms import Attribute, Condition, Operator, Path
from governance.domain.rule_forms_writing import COMPARED, COMPARED_DECIMALS, NEGATED

type Json = Mapping[str, Any]

_COMPARED: Final = {sign: operator for operator, sign in COMPARED.items()}
_COMPARED_DECIMALS: Final = {name: operator for operator, name in COMPARED_DECIMALS.items()}
_NEGATIONS: Final = {plain: negated for negated, plain in NEGATED.items()} | {
    Operator.YES: Operator.NO,
    Operator.KNOWN: Operator.UNKNOWN,
}


def flatten(expression: Json, operator: str) -> list[Json]:
    """Return the parts of a chain of `&&` or `||`, in their order."""
    waiting, found = [expression], []
    while waiting:
        part = waiting.pop()
        if operator in part:
            waiting += [part[operator]["right"], part[operator]["left"]]
        else:
            found.append(part)
    return found


def read_presence(expression: Json) -> Path | None:
    """Return what `context.… has …` asks for."""
    match expression:
        case {"has": {"left": left, "attr": str(name)}}:
            above = _path(left)
            return None if above is None else (*above, name)
    return None


def read_condition(expression: Json, attributes: Mapping[Path, Attribute]) -> Condition | None:
    """Return the condition; None where the expression is none that a form can hold."""
    if "!" in expression:
        return _negation(expression["!"]["arg"], attributes)
    if "||" in expression:
        return _one_of_several(expression, attributes)
    return _plain(expression, attributes)


def _negation(inner: Json, attributes: Mapping[Path, Attribute]) -> Condition | None:
    asked = [read_presence(part) for part in flatten(inner, "&&")]
    if None not in asked:
        last = asked[-1] or ()
        attribute = attributes.get(last)
        whole = attribute is not None and attribute.guards == tuple(asked) and attribute.guards[-1] == last
        return Condition(path=last, operator=Operator.UNKNOWN) if whole else None
    found = read_condition(inner, attributes)
    if found is None or found.operator not in _NEGATIONS:
        return None
    return Condition(path=found.path, operator=_NEGATIONS[found.operator], values=found.values)


def _one_of_several(expression: Json, attributes: Mapping[Path, Attribute]) -> Condition | None:
    """Read `x like … || x like …` and `x == … || x == …` as one comparison with several values."""
    found = [_plain(part, attributes) for part in flatten(expression, "||")]
    first = found[0]
    together = (Operator.IS, Operator.BEGINS, Operator.ENDS, Operator.CONTAINS, Operator.HAS_ANY)
    if first is None or first.operator not in together:
        return None
    values: list[int | str] = []
    for one in found:
        if one is None or (one.path, one.operator) != (first.path, first.operator):
            return None
        values += one.values
    return Condition(path=first.path, operator=first.operator, values=tuple(dict.fromkeys(values)))


def _plain(expression: Json, attributes: Mapping[Path, Attribute]) -> Condition | None:
    ((operator, parts),) = expression.items()
    if operator == ".":
        return _made(expression, Operator.YES, (), attributes, ("Boolean",))
    if operator == "like":
        return _like(parts, attributes)
    if operator in _COMPARED_DECIMALS:
        return _made(parts[0], _COMPARED_DECIMALS[operator], [parts[1]], attributes, ("decimal",))
    if not isinstance(parts, Mapping) or parts.keys() != {"left", "right"}:
        return None
    left, right = parts["left"], parts["right"]
    if operator in _COMPARED:
        return _made(left, _COMPARED[operator], [right], attributes, ("Long",))
    if operator in ("==", "!="):
        return _equal(left, right, operator == "==", attributes)
    if operator == "contains" and "Set" in left:
        return _made(right, Operator.IS, left["Set"], attributes, ("Long", "String", "decimal"))
    if operator == "contains":
        return _made(left, Operator.HAS_ANY, [right], attributes, ("Texts",))
    if operator in ("containsAny", "containsAll"):
        meant = Operator.HAS_ANY if operator == "containsAny" else Operator.HAS_ALL
        return _made(left, meant, right.get("Set", ()), attributes, ("Texts",))
    return None


def _equal(left: Json, right: Json, same: bool, attributes: Mapping[Path, Attribute]) -> Condition | None:
    match right:
        case {"Value": bool(value)}:
            return _made(left, Operator.YES if value == same else Operator.NO, (), attributes, ("Boolean",))
        case {"Value": ""}:
            return _made(left, Operator.EMPTY if same else Operator.NOT_EMPTY, (), attributes, ("String",))
    kinds = ("Long", "String", "decimal")
    return _made(left, Operator.IS if same else Operator.IS_NOT, [right], attributes, kinds)


def _like(parts: Json, attributes: Mapping[Path, Attribute]) -> Condition | None:
    pattern = parts["pattern"]
    wild = [item == "Wildcard" for item in pattern]
    literal = [item["Literal"] for item in pattern if item != "Wildcard"]
    match wild:
        case [True, *inner, True] if inner and not any(inner):
            part = Operator.CONTAINS
        case [True, *inner] if inner and not any(inner):
            part = Operator.ENDS
        case [*inner, True] if inner and not any(inner):
            part = Operator.BEGINS
        case _:
            return None
    return _made(parts["left"], part, [{"Value": "".join(literal)}], attributes, ("String",))


def _made(
    read: Json,
    operator: Operator,
    literals: Any,
    attributes: Mapping[Path, Attribute],
    kinds: tuple[str, ...],
) -> Condition | None:
    path = _path(read)
    attribute = attributes.get(path) if path else None
    if path is None or attribute is None or attribute.type not in kinds:
        return None
    values = [_value(literal, attribute.type) for literal in literals]
    if None in values or (not values and operator not in (Operator.YES, Operator.NO, *_EMPTINESS)):
        return None
    return Condition(path=path, operator=operator, values=tuple(value for value in values if value is not None))


_EMPTINESS: Final = (Operator.EMPTY, Operator.NOT_EMPTY)


def _value(literal: Json, kind: str) -> int | str | None:
    """Return the value of a literal of the type; None for another, or a text that no line of a form can hold."""
    match literal:
        case {"decimal": [{"Value": str(value)}]} if kind == "decimal":
            return value
        case {"Value": bool()}:
            return None
        case {"Value": int(value)} if kind == "Long":
            return value
        case {"Value": str(value)} if kind in ("String", "Texts"):
            return value if value and value.isprintable() and value.strip() == value else None
    return None


def _path(expression: Json) -> Path | None:
    names: list[str] = []
    while "." in expression:
        names.append(expression["."]["attr"])
        expression = expression["."]["left"]
    return tuple(reversed(names)) if expression.get("Var") == "context" else None
