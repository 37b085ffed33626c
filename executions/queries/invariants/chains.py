"""Chains: the bytes of entries, read and hashed again without asking PostgreSQL what they say."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson

from executions.queries.invariants.examining import Examination, Invariant, Part, Violation, rows
from waxell.ledger.domain.entries import name_digest
from waxell.lib.times import format_time

_ENTRIES: Final = """
SELECT e.project_id, e.stream, e.seq, e.digest, e.body,
       ARRAY(SELECT p.name FROM ledger_payload p
              WHERE p.project_id = e.project_id AND p.stream = e.stream AND p.seq = e.seq
             UNION ALL
             SELECT r.name FROM ledger_erasure r
              WHERE r.project_id = e.project_id AND r.stream = e.stream AND r.seq = e.seq),
       e.type, e.verdict, e.state, e.about, e.cites, e.decided_at
  FROM ledger_entry e
 WHERE (%(project)s::uuid IS NULL OR e.project_id = %(project)s) AND (%(first)s::uuid IS NULL OR e.stream >= %(first)s)
 ORDER BY e.project_id, e.stream, e.seq
"""

_PAYLOADS: Final = """
SELECT p.stream, p.seq, p.name
  FROM ledger_payload p
  LEFT JOIN ledger_entry e ON e.project_id = p.project_id AND e.stream = p.stream AND e.seq = p.seq
 WHERE (%(project)s::uuid IS NULL OR p.project_id = %(project)s) AND (%(first)s::uuid IS NULL OR p.stream >= %(first)s)
   AND convert_from(e.body, 'UTF8')::jsonb -> 'payloads' -> p.name ->> 'commitment'
       IS DISTINCT FROM 'sha256:' || encode(sha256(p.salt || p.content), 'hex')
"""


@dataclass(slots=True)
class _Link:
    """Where the previous row left the chain."""

    stream: UUID | None = None
    seq: int = 0
    digest: str | None = None


def _chained(part: Part) -> Examination:
    found: list[Violation] = []
    link = _Link()
    checked = 0
    for row in rows(_ENTRIES, part):
        checked += 1
        stream, seq = row[1], row[2]
        if stream != link.stream:
            link = _Link(stream=stream)
        found += [
            Violation(invariant="I4", subject=f"stream {stream} entry {seq}", message=message)
            for message in _faults(row, link)
        ]
        link.seq, link.digest = seq, _sha256(bytes(row[4]))
    for stream, seq, name in rows(_PAYLOADS, part):
        message = f"the payload {name} is not what the entry commits to"
        found.append(Violation(invariant="I4", subject=f"stream {stream} entry {seq}", message=message))
    return Examination(checked=checked, violations=tuple(found))


def _faults(row: Any, link: _Link) -> Iterator[str]:
    project, stream, seq, digest, raw, contents, *columns = row
    body = bytes(raw)
    if seq != link.seq + 1:
        yield f"entry {link.seq + 1} is missing"
    if name_digest(digest) != _sha256(body):
        yield "its digest is not that of its bytes"
    try:
        line = orjson.loads(body)
    except orjson.JSONDecodeError:
        yield "its bytes are not JSON"
        return
    if seq == link.seq + 1 and line.get("prev") != link.digest:
        yield "it does not follow the entry before it"
    if (line.get("project"), line.get("stream"), line.get("seq")) != (str(project), str(stream), seq):
        yield "its bytes belong to another place"
    for name in sorted(line.get("payloads", {}).keys() - set(contents)):
        yield f"the payload {name} is missing, and no entry says that it was erased"
    names = ("type", "verdict", "state", "about", "cites", "decided_at")
    kept = dict(zip(names, columns, strict=True))
    for name, said in _searched(line).items():
        if _written(name, kept[name]) != said:
            yield f"its column {name} does not say what its bytes say"


def _searched(line: dict[str, Any]) -> dict[str, Any]:
    """The search columns that follow from an entry's bytes."""
    decision = line.get("decision") or {}
    cites: set[str] = set()
    for reason in decision.get("reasons") or ():
        if "policy" in reason:
            cites.add(f"policy:{reason['policy']}")
            if "rule" in reason:
                cites.add(f"rule:{reason['policy']}/{reason['rule']}")
        if "budget" in reason:
            cites.add(f"budget:{reason['budget']}")
    return {
        "type": line.get("type"),
        "verdict": decision.get("verdict"),
        "state": line.get("state"),
        "about": line.get("about"),
        "cites": cites,
        "decided_at": line.get("at"),
    }


def _written(name: str, value: Any) -> Any:
    if name == "state":
        return name_digest(value)
    if name == "cites":
        return set(value or ())
    return format_time(value) if name == "decided_at" else value


def _sha256(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()


CHAINED: Final = Invariant(
    code="I4",
    sentence="Each stream counts 1..n, each entry names the one before it, copies say what the bytes say",
    things="entries",
    examine=_chained,
)
