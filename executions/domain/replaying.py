"""Replaying: a recorded decision is derived again from its facts and the rules of its time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from governance.domain import facts
from governance.domain.evaluation import decide
from governance.domain.facts import Facts
from governance.domain.manifest import GovernanceState
from governance.domain.tool_schemas import check_args
from waxell.lib import canonical


class Outcome(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of deriving a decision again; `detail` says in plain words what is missing or differs."""

    outcome: Outcome
    detail: str = ""


type SchemaOf = Callable[[str], dict[str, Any]]
"""The schema that a digest (`sha256:…`) names. Raises ValueError where it is not known."""


def erased(line: Mapping[str, Any], args: bytes | None) -> Replay | None:
    """Return what there is to say of a decision whose arguments are gone; None where it can be derived again."""
    if args is None and line["facts"]["has_args"] and "args" in line.get("payloads", {}):
        return Replay(outcome=Outcome.ERASED, detail="the arguments were erased")
    return None


def derive(line: Mapping[str, Any], args: bytes | None, *, state: GovernanceState, schema_of: SchemaOf) -> Replay:
    """Derive the decision of an `action.decided` entry again and compare it byte for byte.

    `args` is the content of the entry's payload of that name, None where it had none.
    """
    if state.engine != line["engine"]:
        return Replay(outcome=Outcome.DIFFERENT, detail=f"its engine {line['engine']} is not the state's")
    try:
        seen = read_facts(line, args, state=state, schema_of=schema_of)
    except (KeyError, TypeError, ValueError) as error:
        return Replay(outcome=Outcome.DIFFERENT, detail=f"its facts cannot be read: {error}")
    again = canonical.encode(decide(state=state, facts=seen).document())
    if again != canonical.encode(line["decision"]):
        return Replay(outcome=Outcome.DIFFERENT, detail="the same facts now give another decision")
    return Replay(outcome=Outcome.SAME)


def read_facts(line: Mapping[str, Any], args: bytes | None, *, state: GovernanceState, schema_of: SchemaOf) -> Facts:
    """Return the facts of an `action.decided` entry as its decision saw them, under the `state` it names.

    Raises KeyError, TypeError or ValueError where they cannot be read any more.
    """
    return facts.read(line["facts"], _typed(line, state, args, schema_of))


def _typed(
    line: Mapping[str, Any], state: GovernanceState, args: bytes | None, schema_of: SchemaOf
) -> dict[str, Any] | None:
    """The arguments as rules saw them, by the schema that the state names."""
    if not line["facts"]["has_args"]:
        return None
    schema = schema_of(state.tool_schemas[line["action"]["resource"]])
    return check_args(schema, orjson.loads(args or b"{}")).typed
