"""A bundle in the hands of somebody who wants it to say something else, and may hold a key or all of them."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import orjson

from tests.factories.sealing import SIGNER
from waxell.ledger.domain import merkle
from waxell.ledger.domain.checkpoints import Checkpoint
from waxell.ledger.domain.notes import SigningKey
from waxell.lib import canonical

type Record = dict[str, Any]


@dataclass(slots=True)
class Tampered:
    """A bundle's records without the end, which `written` makes anew."""

    records: list[Record]

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls([orjson.loads(line) for line in path.read_bytes().splitlines()][:-1])

    def written(self) -> bytes:
        """The bundle's bytes, with an end that agrees with them."""
        body = b"".join(canonical.encode(record) + b"\n" for record in self.records)
        end = {
            "kind": "end",
            "lines": len(self.records) + 1,
            "digest": "sha256:" + hashlib.sha256(body).hexdigest(),
        }
        return body + canonical.encode(end) + b"\n"

    def of(self, kind: str) -> list[Record]:
        return [record for record in self.records if record["kind"] == kind]

    def remove(self, record: Record) -> None:
        self.records = [other for other in self.records if other is not record]

    def own(self) -> list[Record]:
        """The entries of the first stream, which is the execution's, in order."""
        return self._streams()[0][1]

    def edit(self, seq: int, change: Callable[[dict[str, Any]], object]) -> None:
        """Change what entry `seq` of the execution says."""
        record = self.own()[seq - 1]
        entry = orjson.loads(record["body"])
        change(entry)
        record["body"] = canonical.encode(entry).decode()

    def recount(self) -> None:
        """Let each stream say how many entries it has."""
        for stream, entries in self._streams():
            stream["entries"] = len(entries)

    def renumber(self) -> None:
        """Number the execution's entries from 1 again."""
        for place, record in enumerate(self.own(), start=1):
            entry = orjson.loads(record["body"])
            entry["seq"] = place
            if entry["type"] == "execution.closed":
                entry["entries"] = place
            record["body"] = canonical.encode(entry).decode()

    def rechain(self, upto: int | None = None) -> None:
        """Let each entry of the execution name the one before it as it is now; up to entry `upto` only."""
        before = None
        for record in self.own()[:upto]:
            entry = orjson.loads(record["body"])
            entry["prev"] = before
            if entry["type"] == "execution.closed":
                entry["before"] = before
            record["body"] = canonical.encode(entry).decode()
            before = canonical.digest(record["body"].encode())

    def reseal(self, key: SigningKey = SIGNER, *, origin: str = SIGNER.name) -> None:
        """Build a tree over all entries that are here, and sign it."""
        entries = self.of("entry")
        hashes = [merkle.hash_leaf(hashlib.sha256(record["body"].encode()).digest()) for record in entries]

        def node(level: int, index: int) -> bytes:
            return merkle.root_of_hashes(hashes[index << level : (index + 1) << level])

        for index, record in enumerate(entries):
            path = merkle.prove_inclusion(index=index, size=len(hashes), node=node)
            record |= {"index": index, "path": [base64.b64encode(value).decode() for value in path]}
        root = merkle.root_of_hashes(hashes)
        note = Checkpoint(origin=origin, size=len(hashes), root=root).signed(key)
        self.of("checkpoint")[0]["note"] = str(note)

    def _streams(self) -> list[tuple[Record, list[Record]]]:
        found: list[tuple[Record, list[Record]]] = []
        for record in self.records:
            if record["kind"] == "stream":
                found.append((record, []))
            elif record["kind"] == "entry":
                found[-1][1].append(record)
        return found
