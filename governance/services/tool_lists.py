"""Taking tools of an MCP server's list into the registry."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import transaction

from governance.domain.actors import Actor
from governance.domain.tool_lists import ListedTool
from governance.models import Project, Tool
from governance.services import catalogue
from waxell.lib.errors import DomainError


class ToolNotTaken(ValueError):
    """One of the tools cannot be taken over, so none was; the text names it and says why."""


class Standing(StrEnum):
    """How a listed tool stands to the registry."""

    NEW = "new"
    DISCOVERED = "discovered"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A listed tool beside the registered one, if there is one."""

    listed: ListedTool
    standing: Standing
    known: Tool | None


def compare(project: Project, listed: Iterable[ListedTool]) -> tuple[Compared, ...]:
    """Tell of each listed tool how it stands. One whose schema cannot be used keeps the registered schema."""
    tools = list(listed)
    known = {
        tool.slug: tool
        for tool in Tool.objects.select_related("owner").filter(project=project, slug__in=[one.slug for one in tools])
    }
    return tuple(_compared(one, known.get(one.slug)) for one in tools)


def take_over(*, project: Project, actor: Actor, listed: Iterable[ListedTool], slugs: Collection[str]) -> int:
    """Register or change those of the listed tools whose names are in `slugs`, all or none.

    Groups and costs stay; a discovered name is thereby adopted. Returns how many differed.
    Raises ToolNotTaken.
    """
    taken = 0
    with transaction.atomic():
        for one in compare(project, [tool for tool in listed if tool.slug in slugs]):
            if one.standing is Standing.UNCHANGED:
                continue
            try:
                _take(project, actor, one)
            except DomainError as error:
                raise ToolNotTaken(f"{one.listed.slug}: {_why(error)}") from error
            taken += 1
    return taken


def _why(error: DomainError) -> str:
    broken: Any = error.members.get("errors", ())
    return " ".join([error.detail or error.title(), *(f"{one['policy']}: {one['message']}" for one in broken)])


def _compared(listed: ListedTool, known: Tool | None) -> Compared:
    if known is None:
        standing = Standing.NEW
    elif known.discovered:
        standing = Standing.DISCOVERED
    elif (known.description, known.schema) != (listed.description, _schema(listed, known)):
        standing = Standing.CHANGED
    else:
        standing = Standing.UNCHANGED
    return Compared(listed=listed, standing=standing, known=known)


def _schema(listed: ListedTool, known: Tool | None) -> dict[str, object] | None:
    return known.schema if listed.problem and known else listed.schema


def _take(project: Project, actor: Actor, one: Compared) -> None:
    schema = _schema(one.listed, one.known)
    if one.known is None or one.known.discovered:
        catalogue.register_tool(
            project=project, actor=actor, slug=one.listed.slug, schema=schema, description=one.listed.description
        )
        return
    catalogue.change_tool(
        tool=one.known,
        actor=actor,
        schema=schema,
        groups=one.known.groups,
        description=one.listed.description,
        cost_micros=one.known.cost_micros,
        risk=one.known.risk,
        owner=one.known.owner,
    )
