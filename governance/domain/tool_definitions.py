"""What an MCP server says of a tool, as one value with a fingerprint."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from waxell.lib import canonical

MOST_BYTES: Final = 64 << 10
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDefinition:
    """Name, description and input schema in canonical JSON; `fingerprint` is its digest, `sha256:<hex>`."""

    name: str
    text: str
    fingerprint: str


def define(*, name: str, description: str | None, input_schema: Mapping[str, Any]) -> ToolDefinition | None:
    """Return the definition; None for one that cannot be put in front of a rule.

    That is a name that no rule could spell, and what is too large or has no canonical form.
    """
    if not _NAME.fullmatch(name):
        return None
    told = {"name": name, "description": description or "", "inputSchema": dict(input_schema)}
    try:
        text = canonical.encode(told)
    except canonical.NotCanonical:
        return None
    if len(text) > MOST_BYTES:
        return None
    return ToolDefinition(name=name, text=text.decode(), fingerprint=canonical.digest(text))
