"""What a project knows by name, as policies speak of it."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import orjson
from django.db.models import QuerySet

from governance.domain.cedar_schema import CedarSchema, build_schema
from governance.domain.policies import EntityRef
from governance.models import Agent, ApproverGroup, Model, Team, Tool, Workflow
from waxell.lib import canonical

type ToolSchemas = dict[str, dict[str, Any]]

_NAMED: Final[dict[str, Any]] = {"Agent": Agent, "Team": Team, "Workflow": Workflow, "Tool": Tool, "Model": Model}


def tool_schemas(project_id: UUID) -> ToolSchemas:
    """Return the JSON Schemas of the tools that have one, by slug."""
    typed = Tool.objects.filter(project=project_id, schema__isnull=False)
    return {slug: schema for slug, schema in typed.values_list("slug", "schema") if schema is not None}


def cedar_schema(schemas: Mapping[str, Mapping[str, Any]]) -> CedarSchema:
    """Return what policies are validated against, for these tools."""
    return _cedar_schema(canonical.encode(dict(schemas)))


def unknown_entities(project_id: UUID, refs: Iterable[EntityRef]) -> set[EntityRef]:
    """Return those entities that nobody registered and no action ever named.

    Datasets, domains, runtimes, memories and channels have no registry: any name will do.
    """
    wanted: dict[str, set[str]] = {}
    for ref in refs:
        wanted.setdefault(ref.type, set()).add(ref.id)
    unknown: set[EntityRef] = set()
    for kind, names in wanted.items():
        known = _known(project_id, kind, names)
        if known is not None:
            unknown |= {EntityRef(type=kind, id=name) for name in names - known}
    return unknown


def approver_groups(project_id: UUID) -> QuerySet[ApproverGroup]:
    """Return the groups of people whom rules may ask, by slug."""
    return ApproverGroup.objects.filter(project=project_id).order_by("slug")


def _known(project_id: UUID, kind: str, names: set[str]) -> set[str] | None:
    if kind in _NAMED:
        return set(_NAMED[kind].objects.filter(project=project_id, slug__in=names).values_list("slug", flat=True))
    if kind == "ToolGroup":
        groups = Tool.objects.filter(project=project_id, groups__overlap=list(names)).values_list("groups", flat=True)
        return names & {group for found in groups for group in found}
    if kind == "Provider":
        providers = Model.objects.filter(project=project_id, provider__in=names)
        return set(providers.values_list("provider", flat=True))
    return None


@lru_cache(maxsize=64)
def _cedar_schema(content: bytes) -> CedarSchema:
    return build_schema(orjson.loads(content))
