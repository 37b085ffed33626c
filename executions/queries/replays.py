"""Replaying what the database holds: decisions, the states they name, and the schemas of their tools."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import connection

from executions.domain.replaying import Outcome, Replay, derive, erased
from governance.domain.manifest import UnknownEngine
from governance.queries import states
from waxell.ledger.models import Entry
from waxell.lib.errors import NotFound

__all__ = ["Outcome", "Replay", "Replayed", "replay", "replay_decisions", "schema_named"]

CACHED_SCHEMAS: Final = 512
AT_ONCE: Final = 500
MISSING: Final = "the arguments are missing, and no entry says that they were erased"
_TOOLS_SPEAK: Final = ("tool.registered", "tool.changed")

_DECISIONS: Final = """
SELECT e.stream, e.seq, e.body, p.content, r.entry_seq
  FROM ledger_entry e
  LEFT JOIN ledger_payload p
         ON p.project_id = e.project_id AND p.stream = e.stream AND p.seq = e.seq AND p.name = 'args'
  LEFT JOIN ledger_erasure r
         ON r.project_id = e.project_id AND r.stream = e.stream AND r.seq = e.seq AND r.name = 'args'
 WHERE e.type = 'action.decided' AND (%(execution)s::uuid IS NULL OR e.stream = %(execution)s)
   AND (%(project)s::uuid IS NULL OR e.project_id = %(project)s)
   AND (%(since)s::timestamptz IS NULL OR e.decided_at >= %(since)s)
   AND (%(until)s::timestamptz IS NULL OR e.decided_at < %(until)s)
 ORDER BY CASE WHEN %(sample)s::bigint IS NOT NULL THEN random() END, e.project_id, e.stream, e.seq
 LIMIT %(sample)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A decision and what came of deriving it again."""

    execution: str
    seq: int
    replay: Replay


def replay(body: bytes, args: bytes | None, erased_by: int | None) -> Replay:
    """Derive the decision of an `action.decided` entry again and compare it byte for byte.

    `args` is the content of the entry's payload of that name, None where it has none any more;
    `erased_by` the number of the entry in the project's governance that says so, if one does.
    """
    line: dict[str, Any] = orjson.loads(body)
    if (gone := erased(line, args)) is not None:
        if erased_by is None:
            return Replay(outcome=Outcome.DIFFERENT, detail=MISSING)
        return replace(gone, detail=f"{gone.detail}, by entry {erased_by} of the project's governance")
    project_id = UUID(line["project"])
    try:
        state = states.by_digest(project_id, line["state"])
    except NotFound:
        return Replay(outcome=Outcome.DIFFERENT, detail="the governance state it names does not exist")
    except UnknownEngine as error:
        return Replay(outcome=Outcome.DIFFERENT, detail=str(error))
    except (KeyError, ValueError) as error:
        return Replay(outcome=Outcome.DIFFERENT, detail=f"the governance state it names is spoilt: {error}")
    return derive(line, args, state=state, schema_of=partial(schema_named, project_id))


def replay_decisions(
    *,
    execution: UUID | None = None,
    project: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    sample: int | None = None,
) -> Iterator[Replayed]:
    """Yield every decision meant, derived again; with `sample` that many of them, drawn by chance."""
    params = {"execution": execution, "project": project, "since": since, "until": until, "sample": sample}
    with connection.chunked_cursor() as cursor:
        cursor.execute(_DECISIONS, params)
        while batch := cursor.fetchmany(AT_ONCE):
            for stream, seq, body, content, erased_by in batch:
                again = replay(bytes(body), None if content is None else bytes(content), erased_by)
                yield Replayed(execution=str(stream), seq=seq, replay=again)


@lru_cache(maxsize=CACHED_SCHEMAS)
def schema_named(project_id: UUID, digest: str) -> dict[str, Any]:
    """The schema that `digest` names, from the entry that put it in force. Raises ValueError."""
    entries = Entry.objects.filter(project_id=project_id, stream=project_id, type__in=_TOOLS_SPEAK)
    for body in entries.order_by("-seq").values_list("body", flat=True).iterator():
        line = orjson.loads(bytes(body))
        if line.get("schema") == digest and "definition" in line:
            schema: dict[str, Any] = line["definition"]
            return schema
    raise ValueError("the schema of its tool is not on record")
