"""Replaying a bundle: its decisions are derived again with nothing but what it holds."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import orjson

from executions.domain.replaying import Outcome, Replay, derive, erased
from executions.queries.replays import MISSING, Replayed
from governance.domain import manifest
from governance.domain.manifest import GovernanceState, UnknownEngine
from waxell.ledger.verifier.verify_bundle import Report, Stop, read_lines


@dataclass(slots=True)
class _Rules:
    """What a bundle's decisions were made by, each under its digest."""

    manifests: dict[str, bytes] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: dict[str, GovernanceState] = field(default_factory=dict)

    def state(self, digest: str) -> GovernanceState:
        """Raises KeyError, ValueError (UnknownEngine among them)."""
        if digest not in self.states:
            self.states[digest] = manifest.read(self.manifests[digest], number=0, texts=self.texts)
        return self.states[digest]

    def schema(self, digest: str) -> dict[str, Any]:
        if digest not in self.schemas:
            raise ValueError("the schema of its tool is not in the bundle")
        return self.schemas[digest]


class BundleUnreadable(ValueError):
    """This is not a bundle that can be replayed; the message says why."""


def replay_bundle(file: BinaryIO) -> Iterator[Replayed]:
    """Yield every decision of a bundle, derived again. The bundle is read twice and must have verified before.

    Raises BundleUnreadable.
    """
    rules = _rules(file)
    stream = ""
    for record in _records(file):
        if record["kind"] == "stream":
            stream = record["stream"] if record["of"] == "execution" else ""
        elif record["kind"] == "entry" and stream:
            line = orjson.loads(record["body"])
            if line["type"] == "action.decided":
                yield Replayed(execution=stream, seq=line["seq"], replay=_replay(line, record["payloads"], rules))


def _rules(file: BinaryIO) -> _Rules:
    rules = _Rules()
    for record in _records(file):
        if record["kind"] == "state":
            rules.manifests[record["digest"]] = record["manifest"].encode()
        elif record["kind"] == "policy":
            rules.texts[record["digest"]] = record["text"]
        elif record["kind"] == "entry" and '"definition"' in record["body"]:
            line = orjson.loads(record["body"])
            if line["type"] in ("tool.registered", "tool.changed") and line.get("definition") is not None:
                rules.schemas[line["schema"]] = line["definition"]
    return rules


def _records(file: BinaryIO) -> Iterator[dict[str, Any]]:
    file.seek(0)
    report = Report()
    try:
        for _, record in read_lines(file, report):
            yield record
    except Stop:
        pass
    if not report.holds:
        raise BundleUnreadable(str(report.faults[0]))


def _replay(line: Mapping[str, Any], payloads: Mapping[str, Any], rules: _Rules) -> Replay:
    given = payloads.get("args", {})
    if "withheld" in given and line["facts"]["has_args"]:
        return Replay(outcome=Outcome.ERASED, detail="the arguments were withheld from this bundle")
    args = _content(given)
    if (gone := erased(line, args)) is not None:
        if (by := given.get("erased")) is None:
            return Replay(outcome=Outcome.DIFFERENT, detail=MISSING)
        return replace(gone, detail=f"{gone.detail}, by entry {by['seq']} of the project's governance")
    try:
        state = rules.state(line["state"])
    except UnknownEngine as error:
        return Replay(outcome=Outcome.DIFFERENT, detail=str(error))
    except (KeyError, ValueError) as error:
        return Replay(outcome=Outcome.DIFFERENT, detail=f"the governance state it names is not whole: {error}")
    return derive(line, args, state=state, schema_of=rules.schema)


def _content(given: Mapping[str, Any]) -> bytes | None:
    if "text" in given:
        return str(given["text"]).encode()
    return base64.b64decode(given["base64"]) if "base64" in given else None
