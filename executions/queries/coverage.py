"""Which of those that acted no rule in force names."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from executions.queries.tallies import Acted, Tally
from governance.domain import policies, rule_reach
from governance.domain.manifest import GovernanceState
from governance.domain.policies import EntityRef
from governance.models import Agent, Model, Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncovered:
    """A name that acted, or was acted on, and that no rule names, neither itself nor a group that it is in."""

    type: str
    name: str
    acted: Acted


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """`uncovered` by type, those in most decisions first; `named` and `all` count names by type."""

    uncovered: dict[str, tuple[Uncovered, ...]]
    named: dict[str, int]
    all: dict[str, int]


TYPES = ("Agent", "Workflow", "Tool", "Model")


def cover(project_id: UUID, state: GovernanceState, tally: Tally) -> Coverage:
    """Compare who acted with what the rules in force name, those on trial included."""
    mentioned = _mentioned(state)
    uncovered: dict[str, tuple[Uncovered, ...]] = {}
    every: dict[str, int] = {}
    for kind in TYPES:
        names = {name: acted for (type_, name), acted in tally.acted.items() if type_ == kind}
        groups = _groups(project_id, kind, names)
        left = [
            Uncovered(type=kind, name=name, acted=acted)
            for name, acted in names.items()
            if not mentioned & {EntityRef(type=kind, id=name), *groups.get(name, ())}
        ]
        uncovered[kind] = tuple(sorted(left, key=lambda one: (-one.acted.times, one.name)))
        every[kind] = len(names)
    named = {kind: every[kind] - len(uncovered[kind]) for kind in TYPES}
    return Coverage(uncovered=uncovered, named=named, all=every)


def _mentioned(state: GovernanceState) -> set[EntityRef]:
    rules = (rule for policy in state.policies for rule in policies.parse(policy.text).rules)
    return {ref for rule in rules for ref in rule_reach.mentions(rule)}


def _groups(project_id: UUID, kind: str, names: Iterable[str]) -> dict[str, set[EntityRef]]:
    """The groups that things are in today, by the thing's name."""
    if kind == "Agent":
        rows = Agent.objects.filter(project=project_id, slug__in=names, teams__isnull=False)
        pairs = [("Team", slug, [team]) for slug, team in rows.values_list("slug", "teams__slug")]
    elif kind == "Tool":
        tools = Tool.objects.filter(project=project_id, slug__in=names).values_list("slug", "groups")
        pairs = [("ToolGroup", slug, groups) for slug, groups in tools]
    elif kind == "Model":
        models = Model.objects.filter(project=project_id, slug__in=names).values_list("slug", "provider")
        pairs = [("Provider", slug, [provider]) for slug, provider in models if provider]
    else:
        return {}
    found: dict[str, set[EntityRef]] = {}
    for type_, slug, groups in pairs:
        found.setdefault(slug, set()).update(EntityRef(type=type_, id=group) for group in groups)
    return found
