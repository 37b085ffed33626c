"""The words that a rule of one project can be written with, for an editor to offer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from governance.domain import fact_reference
from governance.domain.kinds import GROUP_TYPES, RESOURCE_TYPES, Kind, tool_action
from governance.models import Agent, ApproverGroup, Model, Team, Tool, Workflow
from governance.queries import registry

MOST_NAMES: Final = 2000
"""Names offered of each type: of more one has to know how the wanted one begins anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A member of `context` by its path behind it, with Cedar's type; `action` is the only one that has it."""

    path: str
    type: str
    meaning: str
    optional: bool
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Names by entity type, the type of the resource by action, and what `context` holds."""

    actions: dict[str, str]
    entities: dict[str, tuple[str, ...]]
    approver_groups: tuple[str, ...]
    context: tuple[Attribute, ...]


def read(project_id: UUID) -> Vocabulary:
    """Return the words of a project, in seven queries whatever it holds."""
    schemas = registry.tool_schemas(project_id)
    tools = list(Tool.objects.filter(project=project_id).order_by("slug").values_list("slug", "groups")[:MOST_NAMES])
    models = list(Model.objects.filter(project=project_id).order_by("slug").values_list("slug", "provider"))
    found = {
        "Agent": _slugs(Agent, project_id),
        "Team": _slugs(Team, project_id),
        "Workflow": _slugs(Workflow, project_id),
        "Tool": tuple(slug for slug, _ in tools),
        "ToolGroup": _distinct(group for _, groups in tools for group in groups),
        "Model": tuple(slug for slug, _ in models[:MOST_NAMES]),
        "Provider": _distinct(provider for _, provider in models if provider),
    }
    others = sorted({*RESOURCE_TYPES.values(), *GROUP_TYPES.values()} - found.keys())
    return Vocabulary(
        actions={kind.value: RESOURCE_TYPES[kind] for kind in Kind} | {tool_action(slug): "Tool" for slug in schemas},
        entities=found | dict.fromkeys(others, ()),
        approver_groups=_slugs(ApproverGroup, project_id),
        context=(
            *(
                Attribute(path=fact.path, type=fact.written_type, meaning=_meaning(fact), optional=fact.optional)
                for fact in (*fact_reference.FACTS, fact_reference.ARGS)
            ),
            *(
                Attribute(
                    path=f"args.{found.path}",
                    type=found.type,
                    meaning=found.meaning,
                    optional=found.optional,
                    action=tool_action(found.tool),
                )
                for found in fact_reference.arguments(schemas)
            ),
        ),
    )


def _meaning(fact: fact_reference.Fact) -> str:
    return f"{fact.meaning} ({fact.unit})" if fact.unit else fact.meaning


def _slugs(model: type[Agent | Team | Workflow | ApproverGroup], project_id: UUID) -> tuple[str, ...]:
    names = model.objects.filter(project=project_id).order_by("slug").values_list("slug", flat=True)
    return tuple(names[:MOST_NAMES])


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names))[:MOST_NAMES])
