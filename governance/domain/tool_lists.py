"""What an MCP server answers to `tools/list`, read as tools that a project can take over."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from governance.domain.tool_definitions import define
from governance.domain.tool_schemas import ToolSchemaInvalid, check_schema

MOST_TOOLS: Final = 100
MOST_CHARACTERS: Final = 200
_PREFIX: Final = re.compile(r"[^\s\x00-\x1f\x7f]{0,100}")


class ToolListInvalid(ValueError):
    """This is no list of tools as an MCP server answers to `tools/list`; the text says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTool:
    """One tool of a list. `slug` is what rules call it; `fingerprint` is the digest of its definition.

    `schema` is None where its own cannot be turned into types; `problem` then says why and where.
    """

    slug: str
    description: str
    schema: dict[str, Any] | None
    fingerprint: str
    problem: str = ""


def read(document: object, *, prefix: str = "") -> tuple[ListedTool, ...]:
    """Return the tools by name, `prefix` before each.

    `document` is the whole answer (`result`), what is in it (`tools`), or the list alone.
    Raises ToolListInvalid, which names the place.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ToolListInvalid("What stands before the names has no spaces and at most 100 characters.")
    place, listed = _list(document)
    if not listed:
        raise ToolListInvalid(f"{place}: there is no tool in it.")
    if len(listed) > MOST_TOOLS:
        raise ToolListInvalid(f"{place}: {len(listed)} tools; at most {MOST_TOOLS} are taken at once.")
    found: dict[str, ListedTool] = {}
    for number, given in enumerate(listed):
        tool = _tool(given, f"{place}[{number}]", prefix)
        if tool.slug in found:
            raise ToolListInvalid(f"{place}[{number}].name: {tool.slug} is in the list twice.")
        found[tool.slug] = tool
    return tuple(found[slug] for slug in sorted(found))


def _list(document: object) -> tuple[str, list[object]]:
    place = "tools"
    if isinstance(document, Mapping) and "error" in document:
        raise ToolListInvalid("error: the server refused to list its tools.")
    if isinstance(document, Mapping) and isinstance(document.get("result"), Mapping):
        place, document = "result.tools", document["result"]
    if isinstance(document, Mapping):
        document = document.get("tools")
    if not isinstance(document, list):
        raise ToolListInvalid(f"{place} must be a list.")
    return place, document


def _tool(given: object, place: str, prefix: str) -> ListedTool:
    if not isinstance(given, Mapping):
        raise ToolListInvalid(f"{place} must be an object.")
    name, description = given.get("name"), given.get("description") or ""
    schema = given.get("inputSchema", {"type": "object"})
    if not isinstance(name, str) or not name:
        raise ToolListInvalid(f"{place}.name must be a text.")
    if not isinstance(description, str):
        raise ToolListInvalid(f"{place}.description must be a text.")
    if not isinstance(schema, Mapping):
        raise ToolListInvalid(f"{place}.inputSchema must be an object.")
    definition = define(name=name, description=description, input_schema=schema)
    if definition is None or len(prefix + name) > MOST_CHARACTERS:
        raise ToolListInvalid(f"{place}: no rule can speak of this tool; its name or definition cannot be used.")
    problem = ""
    try:
        check_schema(dict(schema))
    except ToolSchemaInvalid as error:
        problem = f"{place}.inputSchema: {error.detail or error.title()}"
    return ListedTool(
        slug=prefix + name,
        description=description[:2000],
        schema=None if problem else dict(schema),
        fingerprint=definition.fingerprint,
        problem=problem,
    )
