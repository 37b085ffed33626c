"""The governance state: everything besides the facts that decides, named by one digest.

The manifest is small: it names policies and tool schemas by digest. It changes when rules change,
never because an agent registered or a name was discovered. Its number is not part of it: the same
rules have the same digest, whenever they were in force.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final

import orjson

from governance.domain.facts import FACTS_VERSION
from governance.domain.verdicts import Effect
from waxell.lib import canonical

ENGINE_VERSION: Final = "engine/1"
MANIFEST_VERSION: Final = 1
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class UnknownEngine(ValueError):
    """The state was made for an engine or for facts that this release does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyInForce:
    """One published version. `mode` is `enforced` or `shadow`."""

    slug: str
    version: int
    digest: str
    mode: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetInForce:
    """One published version; amounts in the budget's unit, `usd` in micro-dollars.

    `scope_value` None means a window per distinct value. `default_reservation` is what an action
    reserves that says nothing about its use. `approvers` is a group, for `on_exceed` hold.
    """

    slug: str
    version: int
    digest: str
    unit: str
    scope: str
    period: str
    limit: int
    scope_value: str | None = None
    time_zone: str = "UTC"
    on_exceed: Effect = Effect.HALT
    default_reservation: int | None = None
    approvers: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KillOrderInForce:
    """A kill order above one execution; those on one execution are facts. `id` is its UUID."""

    id: str
    scope: str
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproverGroup:
    """Who may decide where a rule names the group; members are stable identifiers of people."""

    slug: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A project's settings that decide."""

    refusal_limit: int = 100
    time_zone: str = "UTC"
    approval_timeout_seconds: int = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernanceState:
    """Rules in force, no. `number` of `project` (its id).

    `tool_schemas` and `prices` are digests. `manifest` (canonical bytes) and `digest` are made
    from the rest.
    """

    project: str
    number: int
    policies: tuple[PolicyInForce, ...] = ()
    budgets: tuple[BudgetInForce, ...] = ()
    kill_orders: tuple[KillOrderInForce, ...] = ()
    tool_schemas: Mapping[str, str] = _NOTHING
    approver_groups: tuple[ApproverGroup, ...] = ()
    prices: str | None = None
    settings: Settings = field(default_factory=Settings)
    engine: str = ENGINE_VERSION
    facts: str = FACTS_VERSION
    manifest: bytes = field(init=False, repr=False, compare=False)
    digest: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        content = canonical.encode(_document(self))
        object.__setattr__(self, "manifest", content)
        object.__setattr__(self, "digest", canonical.digest(content))


def policy_digest(text: str) -> str:
    """Return the digest that addresses a policy's text."""
    return canonical.digest(text.encode())


def read(manifest: bytes, *, number: int, texts: Mapping[str, str]) -> GovernanceState:
    """Return the state that `manifest` was made from; `texts` are policy texts by digest.

    Raises UnknownEngine for a foreign version, KeyError where a text is missing, ValueError where
    a text is not the one that was published.
    """
    made: dict[str, Any] = orjson.loads(manifest)
    versions = (made["v"], made["engine"], made["facts"])
    if versions != (MANIFEST_VERSION, ENGINE_VERSION, FACTS_VERSION):
        raise UnknownEngine(f"This release cannot judge under {versions}.")
    for policy in made["policies"]:
        policy["text"] = texts[policy["digest"]]
        if policy_digest(policy["text"]) != policy["digest"]:
            raise ValueError(f"The text of {policy['slug']} is not the one published.")
    return GovernanceState(
        project=made["project"],
        number=number,
        policies=tuple(PolicyInForce(**policy) for policy in made["policies"]),
        budgets=tuple(
            BudgetInForce(**{**budget, "on_exceed": Effect(budget["on_exceed"])}) for budget in made["budgets"]
        ),
        kill_orders=tuple(KillOrderInForce(**order) for order in made["kill_orders"]),
        tool_schemas=made["tool_schemas"],
        approver_groups=tuple(
            ApproverGroup(slug=group["slug"], members=tuple(group["members"])) for group in made["approver_groups"]
        ),
        prices=made["prices"],
        settings=Settings(**made["settings"]),
        engine=made["engine"],
        facts=made["facts"],
    )


def _document(state: GovernanceState) -> dict[str, object]:
    return {
        "v": MANIFEST_VERSION,
        "engine": state.engine,
        "facts": state.facts,
        "project": state.project,
        "policies": _sorted(state.policies, "slug", leave_out="text"),
        "budgets": _sorted(state.budgets, "slug"),
        "kill_orders": _sorted(state.kill_orders, "id"),
        "tool_schemas": dict(state.tool_schemas),
        "approver_groups": [
            {**group, "members": sorted(group["members"])} for group in _sorted(state.approver_groups, "slug")
        ],
        "prices": state.prices,
        "settings": _fields(state.settings),
    }


def _sorted(values: Iterable[Any], key: str, *, leave_out: str = "") -> list[dict[str, Any]]:
    made = [_fields(value) for value in values]
    for item in made:
        item.pop(leave_out, None)
    return sorted(made, key=lambda item: str(item[key]))


def _fields(value: Any) -> dict[str, Any]:
    return {item.name: getattr(value, item.name) for item in fields(value)}
