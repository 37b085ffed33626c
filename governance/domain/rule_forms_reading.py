"""A rule in Cedar's JSON form as a form, where a form can hold all that it says."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from governance.domain.kinds import GROUP_TYPES, Kind
from governance.domain.policies import EntityRef
from governance.domain.rule_forms import Attribute, Condition, NotAForm, Operator, Path, RuleForm, Targets
from governance.domain.rule_forms_attributes import Schemas, named_tool, offered
from governance.domain.rule_forms_conditions import flatten, read_condition, read_presence
from governance.domain.rule_forms_writing import GROUPS
from governance.domain.verdicts import Effect

type Json = Mapping[str, Any]

_KINDS = frozenset(kind.value for kind in Kind)


def read(est: Json, schemas: Schemas) -> RuleForm:
    """Return the form of a rule that `policies.parse` accepts. Raises NotAForm."""
    actions = _actions(est["action"])
    if any(name not in _KINDS and named_tool((name,)) not in schemas for name in actions):
        raise NotAForm("it names an action that is not known here")
    attributes = offered(schemas, actions)
    who, what = _scope(est["principal"], "principal"), _scope(est["resource"], "resource")
    when = [part for block in _blocks(est, "when") for part in flatten(block, "&&")]
    excepted = _blocks(est, "unless")
    if len(excepted) > 1:
        raise NotAForm("it has several exceptions")
    rest: list[Json] = []
    for part in when:
        if who is None and (found := _targets(part, "principal")):
            who = found
        elif what is None and (found := _targets(part, "resource")):
            what = found
        else:
            rest.append(part)
    unless = flatten(excepted[0], "&&") if excepted else []
    if not unless:
        rest, unless = _turned(rest, attributes)
    any_of = len(rest) == 1 and "||" in rest[0] and read_condition(rest[0], attributes) is None
    asked = {path for part in rest if (path := read_presence(part))}
    return RuleForm(
        **_notes(est),
        actions=actions,
        who=who,
        what=what,
        any_of=any_of,
        when=_alternatives(rest[0], attributes) if any_of else _conditions(rest, attributes, set()),
        unless=_conditions(unless, attributes, asked),
    )


def _notes(est: Json) -> dict[str, Any]:
    notes = est.get("annotations", {})
    made = {"id": notes["id"], "message": notes.get("message") or ""}
    if est["effect"] == "permit":
        return {**made, "effect": None}
    if "escalate" in notes:
        raise NotAForm("it asks another group later")
    return {
        **made,
        "effect": Effect(notes.get("effect", Effect.HALT)),
        "approvers": notes.get("approvers"),
        "quorum": int(notes.get("quorum", "1")),
        "timeout": notes.get("timeout"),
        "on_refusal": Effect(notes.get("on_refusal", Effect.DENY)),
    }


def _actions(scope: Json) -> tuple[str, ...]:
    if scope["op"] == "All":
        return ()
    named = scope["entities"] if "entities" in scope else [scope["entity"]]
    if not named:
        raise NotAForm("it names no action")
    return tuple(dict.fromkeys(one["id"] for one in named))


def _scope(scope: Json, variable: str) -> Targets | None:
    match scope:
        case {"op": "All"} | {"op": "is", "entity_type": "Agent"} if variable == "principal" and "in" not in scope:
            return None
        case {"op": "All"}:
            return None
        case {"op": "==", "entity": {"type": kind, "id": name}} if kind not in GROUPS:
            return Targets(refs=(EntityRef(type=kind, id=name),))
        case {"op": "in", "entity": {"type": kind, "id": name}}:
            return Targets(refs=(EntityRef(type=kind, id=name),))
        case {"op": "is", "entity_type": of, "in": {"entity": {"type": kind, "id": name}}}:
            if kind in {of, GROUP_TYPES.get(of)}:
                return Targets(refs=(EntityRef(type=kind, id=name),))
    raise NotAForm(f"it says of the {variable} more than a list of names")


def _blocks(est: Json, kind: str) -> list[Json]:
    return [block["body"] for block in est["conditions"] if block["kind"] == kind]


def _targets(part: Json, variable: str) -> Targets | None:
    """Return what `principal in [...]` or its negation names; None for any other condition."""
    excluded = "!" in part
    refs: list[EntityRef] = []
    for one in flatten(part["!"]["arg"] if excluded else part, "||"):
        match one:
            case {"in": {"left": {"Var": name}, "right": right}} if name == variable:
                entities = right.get("Set", [right])
            case {"==": {"left": {"Var": name}, "right": right}} if name == variable:
                entities = [right]
            case _:
                return None
        for entity in entities:
            match entity:
                case {"Value": {"__entity": {"type": kind, "id": slug}}} if "in" in one or kind not in GROUPS:
                    refs.append(EntityRef(type=kind, id=slug))
                case _:
                    return None
    unique = dict.fromkeys(refs)
    return Targets(refs=tuple(unique), excluded=excluded) if refs else None


def _turned(parts: list[Json], attributes: Mapping[Path, Attribute]) -> tuple[list[Json], list[Json]]:
    """Read one `!(… && …)` among conditions as the exception that it is."""
    for index, part in enumerate(parts):
        if "!" in part and read_condition(part, attributes) is None:
            return [*parts[:index], *parts[index + 1 :]], flatten(part["!"]["arg"], "&&")
    return parts, []


def _alternatives(part: Json, attributes: Mapping[Path, Attribute]) -> tuple[Condition, ...]:
    found: list[Condition] = []
    for alternative in flatten(part, "||"):
        conditions = _conditions(flatten(alternative, "&&"), attributes, set())
        if len(conditions) != 1:
            raise NotAForm("it joins conditions with “and” inside of “or”")
        found += conditions
    return tuple(found)


def _conditions(parts: Iterable[Json], attributes: Mapping[Path, Attribute], asked: set[Path]) -> tuple[Condition, ...]:
    """Read a conjunction; `asked` has been asked for before it.

    What is asked for in order to be read belongs to the reading; what is asked for alone is a condition.
    """
    items: list[Condition] = []
    used: set[Path] = set()
    for part in parts:
        path = read_presence(part)
        condition = Condition(path=path, operator=Operator.KNOWN) if path else read_condition(part, attributes)
        attribute = attributes.get(condition.path) if condition else None
        if condition is None or attribute is None or (path and path not in attribute.guards):
            raise NotAForm("a condition compares more than one thing with fixed values")
        needed = set(attribute.guards) - ({path} if path else set())
        if condition.operator is not Operator.UNKNOWN:
            if needed - asked:
                raise NotAForm("it reads what may be missing without asking for it first")
            used |= needed
        if path:
            asked = asked | {path}
        items.append(condition)
    return tuple(_kept(items, used))


def _kept(items: list[Condition], used: set[Path]) -> Iterator[Condition]:
    for item in dict.fromkeys(items):
        if item.operator is not Operator.KNOWN or item.path not in used:
            yield item
