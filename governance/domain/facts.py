"""facts/v1: everything a decision may depend on besides the governance state.

Facts are recorded with each decision and read back to derive it again. Arguments are kept apart:
they are a payload that may be erased, so `document` leaves them out and `read` takes them again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final

from governance.domain.kinds import Kind
from governance.domain.verdicts import Effect, Grant

FACTS_VERSION: Final = "facts/1"
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The agent that asks, and its teams."""

    slug: str
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What the action is done to. `groups` are a tool's groups or a model's provider.

    `discovered` says that nobody has adopted the name yet.
    """

    type: str
    id: str
    groups: tuple[str, ...] = ()
    discovered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """`decided_at` in milliseconds since 1970, and what a calendar in the project's zone shows.

    `weekday` is 1 for Monday to 7, `day` is written 2026-03-01. PostgreSQL knows the zones.
    """

    now_ms: int
    hour: int
    minute: int
    weekday: int
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSeen:
    """The execution as the snapshot saw it: `actions` and the other counts without this one."""

    id: str
    workflow: str
    environment: str = ""
    labels: Mapping[str, str] = _NOTHING
    end_user: str | None = None
    depth: int = 0
    attempt: int = 1
    actions: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    refusals: int = 0
    elapsed_seconds: int = 0
    spent_usd_micros: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the agent says the action will use at most."""

    usd_micros: int | None = None
    tokens: int | None = None
    seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What the server of a tool says that it is: `accepted`, or `changed` since it was accepted.

    `fingerprint` is the digest of name, description and input schema.
    """

    state: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSeen:
    """One window as the snapshot saw it, and what this action asks of it.

    Amounts are in the budget's unit (`usd`: micro-dollars). `source` says where `asked` is from.
    """

    budget: str
    version: int
    unit: str
    member: str
    limit: int
    asked: int
    on_exceed: Effect
    extra: int = 0
    reserved: int = 0
    spent: int = 0
    overrun: int = 0
    approvers: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """What ends the execution whatever it asks. `kill_orders` are the live ones on it alone."""

    cancel_requested: bool = False
    deadline_passed: bool = False
    ancestor_ended: bool = False
    refusals_exhausted: bool = False
    kill_orders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One requested action with all that is known about it.

    `typed_args` come from `tool_schemas.check_args`: None for a tool without a schema.
    `args_problem` says in plain words, without any value, why arguments do not fit the schema.
    `repeats` counts earlier actions of this execution with the same kind, resource and arguments.
    `definition` is known of tools that are called through the MCP gateway.
    """

    principal: Principal
    kind: Kind
    resource: Resource
    moment: Moment
    execution: ExecutionSeen
    estimate: Estimate | None = None
    typed_args: Mapping[str, Any] | None = None
    args_problem: str | None = None
    repeats: int = 0
    budgets: tuple[BudgetSeen, ...] = ()
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    grants: tuple[Grant, ...] = ()
    definition: Definition | None = None


def document(facts: Facts) -> dict[str, object]:
    """Return the facts as a JSON value, ready for canonical encoding, without the arguments.

    Sets are sorted and what has no value is left out, so equal facts are equal bytes.
    """
    execution = _present(facts.execution)
    execution["labels"] = dict(facts.execution.labels)
    made: dict[str, object] = {
        "v": FACTS_VERSION,
        "principal": {"slug": facts.principal.slug, "teams": sorted(facts.principal.teams)},
        "kind": facts.kind.value,
        "resource": {**_present(facts.resource), "groups": sorted(facts.resource.groups)},
        "moment": _present(facts.moment),
        "execution": execution,
        "repeats": facts.repeats,
        "has_args": facts.typed_args is not None,
    }
    if facts.estimate is not None:
        made["estimate"] = _present(facts.estimate)
    if facts.definition is not None:
        made["definition"] = _present(facts.definition)
    if facts.args_problem is not None:
        made["args_problem"] = facts.args_problem
    if facts.budgets:
        ordered = sorted(facts.budgets, key=lambda seen: (seen.budget, seen.member))
        made["budgets"] = [_present(seen) for seen in ordered]
    lifecycle = {name: value for name, value in _present(facts.lifecycle).items() if value}
    if lifecycle:
        made["lifecycle"] = lifecycle
    if facts.grants:
        made["grants"] = [grant.document() for grant in sorted(facts.grants, key=lambda grant: grant.approval)]
    return made


def read(document: Mapping[str, Any], typed_args: Mapping[str, Any] | None = None) -> Facts:
    """Return the facts that `document` was made from.

    `typed_args` are those of the time. Raises ValueError for another version of facts, and where
    the arguments that the decision saw are missing (erased).
    """
    if document.get("v") != FACTS_VERSION:
        raise ValueError("These facts were written by another version.")
    if document["has_args"] != (typed_args is not None):
        raise ValueError("The arguments that the decision saw are needed to derive it again.")
    seen = document.get("budgets", ())
    lifecycle = {**document.get("lifecycle", {})}
    lifecycle["kill_orders"] = tuple(lifecycle.get("kill_orders", ()))
    return Facts(
        principal=Principal(slug=document["principal"]["slug"], teams=tuple(document["principal"]["teams"])),
        kind=Kind(document["kind"]),
        resource=Resource(**_tupled(document["resource"], "groups")),
        moment=Moment(**document["moment"]),
        execution=ExecutionSeen(**document["execution"]),
        estimate=Estimate(**document["estimate"]) if "estimate" in document else None,
        typed_args=typed_args,
        args_problem=document.get("args_problem"),
        repeats=document["repeats"],
        budgets=tuple(BudgetSeen(**{**budget, "on_exceed": Effect(budget["on_exceed"])}) for budget in seen),
        lifecycle=Lifecycle(**lifecycle),
        grants=tuple(Grant(**grant) for grant in document.get("grants", ())),
        definition=Definition(**document["definition"]) if "definition" in document else None,
    )


def _present(value: Any) -> dict[str, Any]:
    """Return a value's fields by name without those that are None, tuples as sorted lists."""
    names, read = _fields(type(value))  # type: ignore[arg-type]
    made: dict[str, Any] = {}
    for name, content in zip(names, read(value), strict=True):
        if content is None:
            continue
        if type(content) is tuple:
            made[name] = sorted(content)
        else:
            made[name] = content.value if isinstance(content, Effect) else content
    return made


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """The names of a dataclass's fields, and what reads them all at once: this is asked at every decision."""
    names = tuple(item.name for item in fields(kind))
    return names, attrgetter(*names)


def _tupled(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {**value, name: tuple(value[name])}
