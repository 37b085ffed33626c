"""What rules can see: each fact with its type, unit and meaning, since when, and which ways in deliver it.

The Cedar schema, the console's page and docs/reference/facts.md are all made from here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from governance.domain.kinds import LIFECYCLE_KINDS, Kind


class WayIn(StrEnum):
    """A way in which agents come under governance; the values are what people read.

    TypeScript is a client of REST; LangChain, the OpenAI Agents SDK and the Claude Agent SDK come with Python.
    """

    REST = "REST"
    PYTHON = "Python"
    OBSERVE = "waxell-observe"
    MCP = "MCP gateway"
    LITELLM = "LiteLLM"
    WORKERS = "workers"


EVERY_WAY: Final = tuple(WayIn)
_TOLD: Final = (WayIn.REST, WayIn.PYTHON, WayIn.WORKERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing in `context`. `path` is how a rule names it behind `context.`.

    `type` is Cedar's: Long, String, Boolean, Record, or Texts for a Set of String. An `optional` one may be
    absent, so a rule asks with `has` first. `ways` are those that tell it; elsewhere it is as `otherwise` says.
    `since` is the release that first had it.
    """

    path: str
    type: str
    meaning: str
    unit: str = ""
    optional: bool = False
    ways: tuple[WayIn, ...] = EVERY_WAY
    otherwise: str = ""
    since: str = "0.1.0"

    @property
    def anchor(self) -> str:
        """The fragment under which the console's page has it."""
        return "fact-" + self.path.replace(".", "-")

    @property
    def written_type(self) -> str:
        """The type as Cedar's language writes it."""
        return "Set of String" if self.type == "Texts" else self.type

    @property
    def delivered_by(self) -> str:
        """Who delivers it, as one reads it."""
        told = "every way in" if self.ways == EVERY_WAY else ", ".join(self.ways)
        return f"{told}; {self.otherwise}" if self.otherwise else told


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentFact:
    """One argument of a tool with a schema, which a rule reads as `context.args.PATH` under `action`."""

    tool: str
    path: str
    type: str
    optional: bool
    meaning: str


FACTS: Final = (
    Fact(path="now_ms", type="Long", unit="milliseconds since 1970", meaning="time of the decision, by the database"),
    Fact(path="hour", type="Long", unit="0 to 23", meaning="hour of the decision in the project's time zone"),
    Fact(path="minute", type="Long", unit="0 to 59", meaning="minute of that hour"),
    Fact(path="weekday", type="Long", unit="1 for Monday to 7", meaning="day of the week in the project's time zone"),
    Fact(path="day", type="String", unit="2026-03-01", meaning="date in the project's time zone"),
    Fact(
        path="repeats",
        type="Long",
        unit="calls",
        meaning="how often the same call (kind, resource, arguments) was made directly before this one",
    ),
    Fact(path="discovered", type="Boolean", meaning="nobody has adopted the resource's name yet"),
    Fact(path="execution", type="Record", meaning="the execution that asks"),
    Fact(path="execution.id", type="String", unit="UUID", meaning="the execution's id"),
    Fact(path="execution.workflow", type="String", unit="slug", meaning="the workflow that it is an execution of"),
    Fact(
        path="execution.environment",
        type="String",
        meaning="where it runs, as told when it began",
        ways=_TOLD,
        otherwise="empty where nothing was told",
    ),
    Fact(
        path="execution.labels",
        type="Texts",
        unit="key=value",
        meaning="labels told when it began",
        ways=(*_TOLD, WayIn.OBSERVE, WayIn.MCP),
        otherwise="empty where nothing was told; waxell-observe and the gateway tell only their own",
    ),
    Fact(
        path="execution.end_user",
        type="String",
        unit="pseudonym",
        meaning="for whom it runs: a pseudonym, never the name",
        optional=True,
        ways=(*_TOLD, WayIn.OBSERVE, WayIn.LITELLM),
    ),
    Fact(
        path="execution.depth",
        type="Long",
        unit="executions",
        meaning="0, or one more than its parent's",
        ways=(*_TOLD, WayIn.OBSERVE),
        otherwise="0 where nothing was told of a parent",
    ),
    Fact(
        path="execution.attempt",
        type="Long",
        unit="attempts",
        meaning="1, or one more than that of the execution it retries",
    ),
    Fact(path="execution.actions", type="Long", unit="actions", meaning="allowed actions before this one"),
    Fact(path="execution.model_calls", type="Long", unit="calls", meaning="of these, calls of models"),
    Fact(path="execution.tool_calls", type="Long", unit="calls", meaning="of these, calls of tools"),
    Fact(path="execution.refusals", type="Long", unit="actions", meaning="refused actions before this one"),
    Fact(path="execution.elapsed_seconds", type="Long", unit="seconds", meaning="time since admission"),
    Fact(
        path="execution.spent_usd_micros",
        type="Long",
        unit="micro-dollars: 1000000 is one dollar",
        meaning="known cost so far",
    ),
    Fact(
        path="definition",
        type="Record",
        meaning="of a tool behind the MCP gateway: what its server says of it",
        optional=True,
        ways=(WayIn.MCP,),
    ),
    Fact(
        path="definition.state",
        type="String",
        unit="accepted or changed",
        meaning="changed until a person accepts what the server says of the tool now",
        ways=(WayIn.MCP,),
    ),
    Fact(
        path="definition.fingerprint",
        type="String",
        unit="digest",
        meaning="digest of the tool's name, description and input schema, as its server shows them",
        ways=(WayIn.MCP,),
    ),
    Fact(
        path="estimate",
        type="Record",
        meaning="what the agent says that the action will use at most",
        optional=True,
        ways=(*_TOLD, WayIn.LITELLM),
    ),
    Fact(
        path="estimate.usd_micros",
        type="Long",
        unit="micro-dollars: 1000000 is one dollar",
        meaning="cost at most",
        optional=True,
        ways=(*_TOLD, WayIn.LITELLM),
    ),
    Fact(
        path="estimate.tokens",
        type="Long",
        unit="tokens",
        meaning="tokens at most",
        optional=True,
        ways=(*_TOLD, WayIn.LITELLM),
    ),
    Fact(
        path="estimate.seconds",
        type="Long",
        unit="seconds",
        meaning="time at most",
        optional=True,
        ways=_TOLD,
    ),
)
"""facts/1 as rules see them, a record before its members, without `args`, which depend on the tool."""

ARGS: Final = Fact(
    path="args",
    type="Record",
    meaning='the arguments, by the tool\'s schema; only under Action::"tool.call/<slug>"',
    ways=(*_TOLD, WayIn.OBSERVE, WayIn.MCP),
)
"""What stands for the arguments of any tool; `arguments` names those of each."""

ASKED_BY: Final[Mapping[Kind, tuple[WayIn, ...]]] = {
    **dict.fromkeys(LIFECYCLE_KINDS, EVERY_WAY),
    Kind.MODEL_CALL: (*_TOLD, WayIn.OBSERVE, WayIn.LITELLM),
    Kind.TOOL_CALL: (*_TOLD, WayIn.OBSERVE, WayIn.MCP),
    Kind.AGENT_DELEGATE: (*_TOLD, WayIn.OBSERVE),
    Kind.DATA_ACCESS: (*_TOLD, WayIn.OBSERVE),
    Kind.NETWORK_REQUEST: (*_TOLD, WayIn.OBSERVE),
    Kind.CODE_EXECUTE: (*_TOLD, WayIn.OBSERVE),
    Kind.MEMORY_WRITE: (*_TOLD, WayIn.OBSERVE),
    Kind.MESSAGE_SEND: (*_TOLD, WayIn.OBSERVE),
}
"""By kind of action, the ways in that ask before one (or tell of it)."""

BY_PATH: Final[Mapping[str, Fact]] = {fact.path: fact for fact in (*FACTS, ARGS)}


def context() -> dict[str, Any]:
    """Return the facts as nested records: a type's name by name, with `?` behind an optional one's."""
    made: dict[str, Any] = {}
    records: dict[str, dict[str, Any]] = {"": made}
    for fact in FACTS:
        parent, _, name = fact.path.rpartition(".")
        content: Any = fact.type
        if fact.type == "Record":
            content = records[fact.path] = {}
        records[parent][f"{name}?" if fact.optional else name] = content
    return made


def arguments(schemas: Mapping[str, Mapping[str, Any]]) -> tuple[ArgumentFact, ...]:
    """Return what rules can read of each tool's arguments, by tool; `schemas` are accepted ones by slug."""
    return tuple(found for slug in sorted(schemas) for found in _members(slug, schemas[slug], ""))


_ARGUMENT_TYPES: Final = {"string": "String", "integer": "Long", "number": "decimal", "boolean": "Boolean"}


def _members(tool: str, schema: Mapping[str, Any], prefix: str) -> Iterator[ArgumentFact]:
    required = schema.get("required", ())
    for name, inner in schema.get("properties", {}).items():
        path = prefix + name
        yield ArgumentFact(
            tool=tool,
            path=path,
            type=_argument_type(inner),
            optional=name not in required,
            meaning=str(inner.get("description") or inner.get("title") or ""),
        )
        if inner["type"] == "object":
            yield from _members(tool, inner, f"{path}.")


def _argument_type(schema: Mapping[str, Any]) -> str:
    if schema["type"] == "array":
        return f"Set of {_argument_type(schema['items'])}"
    return _ARGUMENT_TYPES.get(schema["type"], "Record")
