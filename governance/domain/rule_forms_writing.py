"""A form as a rule in Cedar's JSON form, what may be missing asked for before it is read."""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, Final

from governance.domain.kinds import GROUP_TYPES, Kind
from governance.domain.policies import EntityRef
from governance.domain.rule_forms import Attribute, Condition, Operator, Path, RuleForm, Targets
from governance.domain.verdicts import Effect

type Json = dict[str, Any]

GROUPS: Final = frozenset(GROUP_TYPES.values())
COMPARED: Final = {Operator.BELOW: "<", Operator.AT_MOST: "<=", Operator.ABOVE: ">", Operator.AT_LEAST: ">="}
COMPARED_DECIMALS: Final = {
    Operator.BELOW: "lessThan",
    Operator.AT_MOST: "lessThanOrEqual",
    Operator.ABOVE: "greaterThan",
    Operator.AT_LEAST: "greaterThanOrEqual",
}
NEGATED: Final = {
    Operator.IS_NOT: Operator.IS,
    Operator.NOT_BEGINS: Operator.BEGINS,
    Operator.NOT_ENDS: Operator.ENDS,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.HAS_NONE: Operator.HAS_ANY,
}


def write(form: RuleForm, attributes: Mapping[Path, Attribute]) -> Json:
    """Return the rule. Raises KeyError for a condition on what is not among `attributes`."""
    when: list[Json] = []
    principal, resource = _scope("principal", form.who, when), _scope("resource", form.what, when)
    conditions = []
    if form.any_of and len(form.when) > 1:
        when.append(_join("||", [_join("&&", _conjuncts([one], attributes)) for one in form.when]))
    else:
        when += _conjuncts(form.when, attributes)
    if when:
        conditions.append({"kind": "when", "body": _join("&&", when)})
    if form.unless:
        conditions.append({"kind": "unless", "body": _join("&&", _conjuncts(form.unless, attributes))})
    return {
        "effect": "permit" if form.effect is None else "forbid",
        "principal": principal,
        "action": _action(form.actions),
        "resource": resource,
        "conditions": conditions,
        "annotations": dict(_annotations(form)),
    }


def _annotations(form: RuleForm) -> Iterable[tuple[str, str]]:
    yield "id", form.id
    if form.effect is not None:
        yield "effect", form.effect.value
    if form.message:
        yield "message", form.message
    if form.effect is Effect.HOLD:
        if form.approvers is not None:
            yield "approvers", form.approvers
        if form.quorum != 1:
            yield "quorum", str(form.quorum)
        if form.timeout is not None:
            yield "timeout", form.timeout
        if form.on_refusal is not Effect.DENY:
            yield "on_refusal", form.on_refusal.value


def _action(names: tuple[str, ...]) -> Json:
    entities = [{"type": "Action", "id": name} for name in names]
    match entities:
        case []:
            return {"op": "All"}
        case [only]:
            # `==` would miss the tools that have a schema.
            return {"op": "in" if only["id"] == Kind.TOOL_CALL else "==", "entity": only}
    return {"op": "in", "entities": entities}


def _scope(variable: str, targets: Targets | None, when: list[Json]) -> Json:
    """Return the scope; what a scope cannot say is added to the conditions."""
    if targets is None:
        return {"op": "All"}
    if len(targets.refs) == 1 and not targets.excluded:
        (only,) = targets.refs
        return {"op": "in" if only.type in GROUPS else "==", "entity": {"type": only.type, "id": only.id}}
    by_type: dict[str, list[Json]] = {}
    for ref in targets.refs:
        by_type.setdefault(ref.type, []).append(_entity(ref))
    # The engine takes no list of things and their groups together.
    parts = [_two("in", {"Var": variable}, one[0] if len(one) == 1 else {"Set": one}) for one in by_type.values()]
    joined = _join("||", parts)
    when.append(_not(joined) if targets.excluded else joined)
    return {"op": "All"}


def _conjuncts(conditions: Iterable[Condition], attributes: Mapping[Path, Attribute]) -> list[Json]:
    made: list[Json] = []
    asked: set[Path] = set()
    for condition in conditions:
        attribute = attributes[condition.path]
        if condition.operator is Operator.UNKNOWN:
            made.append(_not(_join("&&", [_presence(path) for path in attribute.guards])))
            continue
        made += [_presence(path) for path in attribute.guards if path not in asked]
        asked.update(attribute.guards)
        if condition.operator is not Operator.KNOWN:
            made.append(_comparison(condition, attribute.type))
    return made


def _comparison(condition: Condition, kind: str) -> Json:
    read, values = _read(condition.path), [_literal(value, kind) for value in condition.values]
    match condition.operator:
        case Operator.YES:
            return read
        case Operator.NO:
            return _not(read)
        case Operator.EMPTY:
            return _two("==", read, {"Value": ""})
        case Operator.NOT_EMPTY:
            return _two("!=", read, {"Value": ""})
        case Operator.IS_NOT if len(values) == 1:
            return _two("!=", read, values[0])
        case Operator.IS:
            return _two("==", read, values[0]) if len(values) == 1 else _two("contains", {"Set": values}, read)
        case Operator.HAS_ANY | Operator.HAS_ALL if len(values) == 1:
            return _two("contains", read, values[0])
        case Operator.HAS_ANY:
            return _two("containsAny", read, {"Set": values})
        case Operator.HAS_ALL:
            return _two("containsAll", read, {"Set": values})
        case Operator.BEGINS | Operator.ENDS | Operator.CONTAINS as part:
            patterns = [_pattern(str(value), part) for value in condition.values]
            return _join("||", [{"like": {"left": read, "pattern": pattern}} for pattern in patterns])
        case operator if operator in NEGATED:
            meant = Condition(path=condition.path, operator=NEGATED[operator], values=condition.values)
            return _not(_comparison(meant, kind))
        case operator if kind == "decimal":
            return {COMPARED_DECIMALS[operator]: [read, values[0]]}
        case operator:
            return _two(COMPARED[operator], read, values[0])


def _pattern(value: str, part: Operator) -> list[object]:
    before: list[object] = [] if part is Operator.BEGINS else ["Wildcard"]
    after = [] if part is Operator.ENDS else ["Wildcard"]
    return [*before, *({"Literal": char} for char in value), *after]


def _literal(value: int | str, kind: str) -> Json:
    return {"decimal": [{"Value": value}]} if kind == "decimal" else {"Value": value}


def _read(path: Path) -> Json:
    return reduce(lambda left, name: {".": {"left": left, "attr": name}}, path, {"Var": "context"})


def _presence(path: Path) -> Json:
    return {"has": {"left": _read(path[:-1]), "attr": path[-1]}}


def _entity(ref: EntityRef) -> Json:
    return {"Value": {"__entity": {"type": ref.type, "id": ref.id}}}


def _not(expression: Json) -> Json:
    return {"!": {"arg": expression}}


def _two(operator: str, left: Json, right: Json) -> Json:
    return {operator: {"left": left, "right": right}}


def _join(operator: str, parts: list[Json]) -> Json:
    return reduce(lambda left, right: _two(operator, left, right), parts)
