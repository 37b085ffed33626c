"""Replaying: a recorded decision is derived again from its facts and the rules of its time."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import orjson

from governance.domain import facts
from governance.domain.evaluation import decide
from governance.domain.manifest import GovernanceState
from governance.domain.tool_schemas import check_args
from governance.queries import states
from waxell.ledger.models import Entry
from waxell.lib import canonical
from waxell.lib.errors import NotFound

CACHED_SCHEMAS: Final = 512
_TOOLS_SPEAK: Final = ("tool.registered", "tool.changed")


class Outcome(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of deriving a decision again; `detail` says in plain words what is missing or differs."""

    outcome: Outcome
    detail: str = ""


def replay(body: bytes, args: bytes | None) -> Replay:
    """Derive the decision of an `action.decided` entry again and compare it byte for byte.

    `args` is the content of the entry's payload of that name, None where it has none any more.
    """
    line: dict[str, Any] = orjson.loads(body)
    if args is None and line["facts"]["has_args"] and "args" in line.get("payloads", {}):
        return Replay(outcome=Outcome.ERASED, detail="the arguments were erased")
    try:
        state = states.by_digest(UUID(line["project"]), line["state"])
    except NotFound:
        return Replay(outcome=Outcome.DIFFERENT, detail="the governance state it names does not exist")
    if state.engine != line["engine"]:
        return Replay(outcome=Outcome.DIFFERENT, detail=f"its engine {line['engine']} is not the state's")
    try:
        seen = facts.read(line["facts"], _typed(line, state, orjson.loads(args or b"{}")))
    except (KeyError, TypeError, ValueError) as error:
        return Replay(outcome=Outcome.DIFFERENT, detail=f"its facts cannot be read: {error}")
    again = canonical.encode(decide(state=state, facts=seen).document())
    if again != canonical.encode(line["decision"]):
        return Replay(outcome=Outcome.DIFFERENT, detail="the same facts now give another decision")
    return Replay(outcome=Outcome.SAME)


def _typed(line: Mapping[str, Any], state: GovernanceState, args: object) -> dict[str, Any] | None:
    """The arguments as rules saw them, by the schema that the state names."""
    if not line["facts"]["has_args"]:
        return None
    schema = _schema(UUID(line["project"]), state.tool_schemas[line["action"]["resource"]])
    return check_args(schema, args).typed


@lru_cache(maxsize=CACHED_SCHEMAS)
def _schema(project_id: UUID, digest: str) -> dict[str, Any]:
    """The schema that `digest` names, from the entry that put it in force. Raises ValueError."""
    entries = Entry.objects.filter(project_id=project_id, stream=project_id, type__in=_TOOLS_SPEAK)
    for body in entries.order_by("-seq").values_list("body", flat=True).iterator():
        line = orjson.loads(bytes(body))
        if line.get("schema") == digest and "definition" in line:
            schema: dict[str, Any] = line["definition"]
            return schema
    raise ValueError("the schema of its tool is not on record")
