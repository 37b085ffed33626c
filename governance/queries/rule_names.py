"""The names that a rule's form offers: what the project has registered or met."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from governance.domain.kinds import Kind, tool_action
from governance.domain.policies import EntityRef
from governance.models import Agent, Model, Team, Tool, Workflow
from governance.queries import registry
from governance.queries.registry import ToolSchemas


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNames:
    """`refs` are agents, tools, models, workflows and their groups, in that order; `groups` approve."""

    refs: tuple[EntityRef, ...]
    groups: tuple[tuple[str, str], ...]
    schemas: ToolSchemas

    @property
    def actions(self) -> list[str]:
        """The kinds of actions, behind tool calls the calls of each tool whose arguments rules can look at."""
        often = [Kind.MODEL_CALL, Kind.TOOL_CALL]
        typed = (tool_action(slug) for slug in sorted(self.schemas))
        return [*often, *typed, *(kind for kind in Kind if kind not in often)]


def of(project_id: UUID) -> RuleNames:
    tools = list(Tool.objects.filter(project=project_id).order_by("slug").values_list("slug", "groups"))
    models = list(Model.objects.filter(project=project_id).order_by("slug").values_list("slug", "provider"))
    named = {
        "Team": Team.objects.filter(project=project_id).order_by("slug").values_list("slug", flat=True),
        "Agent": Agent.objects.filter(project=project_id).order_by("slug").values_list("slug", flat=True),
        "ToolGroup": sorted({group for _slug, groups in tools for group in groups}),
        "Tool": [slug for slug, _groups in tools],
        "Provider": sorted({provider for _slug, provider in models if provider}),
        "Model": [slug for slug, _provider in models],
        "Workflow": Workflow.objects.filter(project=project_id).order_by("slug").values_list("slug", flat=True),
    }
    return RuleNames(
        refs=tuple(ref for kind, slugs in named.items() for ref in _refs(kind, slugs)),
        groups=tuple((group.slug, group.name) for group in registry.approver_groups(project_id)),
        schemas=registry.tool_schemas(project_id),
    )


def _refs(kind: str, slugs: Iterable[str]) -> list[EntityRef]:
    return [EntityRef(type=kind, id=slug) for slug in slugs]
