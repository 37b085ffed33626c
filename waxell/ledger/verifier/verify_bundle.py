#!/usr/bin/env python3
"""Check a bundle of Waxell's ledger without Waxell, without a network and without trusting anybody.

    python verify_bundle.py BUNDLE --key KEY [--checkpoint OLD ...] [--witness KEY ...] [--unfinished] [--json]

BUNDLE is a file that Waxell exported. KEY is the text of /api/v1/ledger/key, or a file that holds it;
it must have reached you by another way than the bundle. OLD is a checkpoint that you kept from an
earlier day: the bundle's log must continue it. The exit status is 0 only when everything holds, 1 when
anything does not (every inconsistency is listed with its place), and 2 when nothing could be read.

This one file needs Python 3.10 or newer and the package `cryptography`. The format is described in
docs/reference/bundle.md, what a successful check means in docs/evidence.md.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, BinaryIO, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "waxell-bundle/1"
ENTRY_VERSION = 1
MANIFEST_VERSION = 1
NOBODY = "00000000-0000-0000-0000-000000000000"

MAX_LINE = 64 * 1024 * 1024
MAX_DEPTH = 100
MAX_FAULTS = 10_000
MAX_PATH = 63
MAX_INTEGER = 2**53 - 1
SMALLEST_LEAF = 44
"""Bytes that one leaf takes in a bundle at the very least: its digest in base64."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_HEX32 = re.compile(r"[0-9a-f]{32}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)


# Canonical JSON (RFC 8785) -------------------------------------------------------------------------


class Unreadable(ValueError):
    """Bytes are not canonical JSON; the message says why."""


def parse_canonical(content: bytes) -> Any:
    """Return the value of canonical JSON. Raises Unreadable for anything that has another spelling."""
    seen_floats: list[float] = []

    def read_float(text: str) -> float:
        seen_floats.append(0.0)
        return float(text)

    try:
        text = content.decode("utf-8")
        value = json.loads(text, parse_float=read_float, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise Unreadable("is not UTF-8") from error
    except RecursionError as error:
        raise Unreadable("is nested too deeply") from error
    except ValueError as error:
        raise Unreadable(f"is not JSON ({error})") from error
    try:
        if _is_plain(text) and not seen_floats:
            # Without floats, large integers and characters beyond U+FFFF the two spellings agree.
            again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")
        else:
            value = json.loads(text, parse_int=_read_integer)
            again = encode_canonical(value)
    except (UnicodeEncodeError, RecursionError) as error:
        raise Unreadable("holds text that is not Unicode, or is nested too deeply") from error
    if again != content:
        raise Unreadable(_why_not_canonical(text))
    return value


def encode_canonical(value: Any, depth: int = 0) -> bytes:
    """Return the RFC 8785 bytes of a value. Raises Unreadable where it has none."""
    if depth > MAX_DEPTH:
        raise Unreadable("is nested too deeply")
    if value is None or isinstance(value, bool):
        return {None: b"null", True: b"true", False: b"false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).encode("utf-8")
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise Unreadable("holds an integer beyond 2^53-1")
        return str(value).encode()
    if isinstance(value, float):
        return _number(value).encode()
    if isinstance(value, list):
        return b"[" + b",".join(encode_canonical(item, depth + 1) for item in value) + b"]"
    # RFC 8785 sorts keys by UTF-16 units.
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    members = (encode_canonical(key) + b":" + encode_canonical(value[key], depth + 1) for key in keys)
    return b"{" + b",".join(members) + b"}"


def _is_plain(text: str) -> bool:
    return len(text.encode("utf-16-le", "surrogatepass")) == 2 * len(text) and not re.search(r"[0-9]{16}", text)


def _number(value: float) -> str:
    """Write a number as ECMAScript does, which is what RFC 8785 asks for."""
    if not math.isfinite(value):
        raise Unreadable("holds a number that JSON lacks")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    parts = Decimal(repr(abs(value))).normalize().as_tuple()
    digits = "".join(map(str, parts.digits))
    point = len(digits) + int(parts.exponent)
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{sign}{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def _read_integer(text: str) -> int | float:
    """Read digits as JavaScript does: beyond 2^53 they are a float's."""
    exact = len(text) < 20 and abs(int(text)) <= MAX_INTEGER
    return int(text) if exact else float(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _why_not_canonical(text: str) -> str:
    twice: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice.extend(name for name in set(names) if names.count(name) > 1)
        return dict(pairs)

    json.loads(text, object_pairs_hook=look)
    if twice:
        return f"has the member {sorted(twice)[0]!r} twice"
    return "is not in canonical form (RFC 8785): its bytes were changed or padded"


# Keys, signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature) ------------

ED25519 = 1
COSIGNATURE = 4


class Malformed(ValueError):
    """Something is not what it should be; the message says what and why."""


@dataclass(frozen=True)
class Key:
    """A public key: the name it signs under, its kind, and 32 bytes."""

    name: str
    kind: int
    public: bytes

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read `name+id+base64`. Raises Malformed."""
        parts = text.split("+", 2)
        if len(parts) != 3 or not parts[0] or any(character.isspace() for character in text):
            raise Malformed(f"{text[:80]!r} is not a verifier key: name+id+base64")
        material = decode_base64(parts[2])
        if len(material) != 33 or material[0] not in (ED25519, COSIGNATURE):
            raise Malformed(f"the key {parts[0]} is of a kind that is not known here")
        key = cls(parts[0], material[0], material[1:])
        if key.id.hex() != parts[1]:
            raise Malformed(f"the key {parts[0]} is damaged: its id is not that of its name and bytes")
        return key

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def verifies(self, text: str, value: bytes) -> bool:
        """Tell whether `value` is this key's signature of a note's text."""
        message = text.encode()
        if self.kind == COSIGNATURE:
            moment = int.from_bytes(value[:8], "big")
            message, value = f"cosignature/v1\ntime {moment}\n".encode() + message, value[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Checkpoint:
    """A note's text, what it says, and the signatures under it as (name, key id, value)."""

    text: str
    origin: str
    size: int
    root: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def parse(cls, note: str) -> Checkpoint:
        """Read a signed checkpoint without believing it. Raises Malformed."""
        text, blank, below = note.rpartition("\n\n")
        if not blank or not below.endswith("\n") or any(c < " " and c != "\n" for c in note):
            raise Malformed("is not signed: there is no signature under its text")
        lines = text.split("\n")
        if len(lines) < 3 or not all(lines) or not _SIZE.fullmatch(lines[1]):
            raise Malformed("is not a checkpoint: origin, size and root, each on a line")
        root = decode_base64(lines[2])
        if len(root) != 32:
            raise Malformed("has a root that is not 32 bytes")
        signatures = tuple(_signature(line) for line in below[:-1].split("\n")[:100])
        return cls(text + "\n", lines[0], int(lines[1]), root, signatures)

    def cosigned_at(self, witness: Key) -> int:
        """Return the POSIX second at which a witness says that it saw this; 0 where its key gives no time."""
        values = [value for name, key_id, value in self.signatures if (name, key_id) == (witness.name, witness.id)]
        return int.from_bytes(values[0][:8], "big") if values and witness.kind == COSIGNATURE else 0

    def signed_by(self, keys: Iterable[Key]) -> list[Key]:
        """Return those of `keys` whose signature is here. Raises Malformed where one of them does not hold."""
        found = []
        for key in keys:
            for name, key_id, value in self.signatures:
                if (name, key_id) == (key.name, key.id):
                    if not key.verifies(self.text, value):
                        raise Malformed(f"was changed after {name} signed it: the signature does not hold")
                    found.append(key)
        return found


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, name, material = [*line.split(" ", 2), "", ""][:3]
    if dash != "\N{EM DASH}" or not name or not material:
        raise Malformed("has a line where a signature should be")
    value = decode_base64(material)
    return name, value[:4], value[4:]


def read_keys(given: Iterable[str]) -> list[Key]:
    """Read keys from texts, or from files that hold them, one on a line. Raises Malformed, OSError."""
    keys = []
    for named in given:
        text = named
        if os.path.exists(named):
            with open(named, encoding="utf-8") as file:
                text = file.read(1_000_000)
        keys += [Key.parse(line.strip()) for line in text.splitlines() if line.strip()]
    return keys


def decode_base64(text: Any) -> bytes:
    """Read base64 in its one spelling. Raises Malformed."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise Malformed("holds something that is not base64") from error
    if base64.b64encode(value).decode() != text:
        raise Malformed("holds base64 in another than its one spelling")
    return value


# The Merkle tree (RFC 6962) ------------------------------------------------------------------------


def hash_leaf(digest: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + digest).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root to which an audit path leads (RFC 9162, 2.1.3.2); None where it does not fit."""
    if not 0 <= index < size:
        return None
    place, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            found = hash_children(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = hash_children(found, sibling)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def extends(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Tell whether `path` shows that a tree begins with an older one (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    steps = [*([old_root] if old & (old - 1) == 0 else []), *path]
    if not steps:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = hash_children(sibling, before), hash_children(sibling, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = hash_children(after, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


class RangeFits(Exception):
    """A range's proof has too few hashes or too many."""


def root_from_range(start: int, end: int, size: int, leaves: Mapping[int, bytes], outside: Sequence[bytes]) -> bytes:
    """Return the root of `size` leaves from all those of a range and the hashes of what lies beside it.

    `outside` are the roots of the largest perfect subtrees without a leaf of the range, from left to
    right. Raises RangeFits where it has too few or too many.
    """
    given = iter(outside)

    def root(low: int, high: int) -> bytes:
        width = high - low
        if (high <= start or low >= end) and width & (width - 1) == 0:
            found = next(given, None)
            if found is None:
                raise RangeFits
            return found
        if width == 1:
            return hash_leaf(leaves[low])
        middle = low + (1 << ((width - 1).bit_length() - 1))
        return hash_children(root(low, middle), root(middle, high))

    found = root(0, size)
    if next(given, None) is not None:
        raise RangeFits
    return found


# What is found -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One thing to know, and its place: a line of the bundle, and a stream and the entry's number in it."""

    message: str
    line: int | None = None
    stream: str | None = None
    seq: int | None = None

    def __str__(self) -> str:
        places = []
        if self.stream is not None:
            places.append(f"stream {self.stream}" + (f" entry {self.seq}" if self.seq is not None else ""))
        if self.line is not None:
            places.append(f"line {self.line}")
        return f"{', '.join(places)}: {self.message}" if places else self.message


@dataclass
class Report:
    """Everything that was found. `faults` decide; `notes` are for the reader."""

    faults: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    more: int = 0
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return not self.faults

    def fault(self, message: str, **place: Any) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Finding(message, **place))
        else:
            self.more += 1

    def note(self, message: str, **place: Any) -> None:
        if len(self.notes) < MAX_FAULTS:
            self.notes.append(Finding(message, **place))

    def document(self) -> dict[str, Any]:
        def plain(found: Finding) -> dict[str, Any]:
            places = {"line": found.line, "stream": found.stream, "entry": found.seq}
            return {"message": found.message, **{name: value for name, value in places.items() if value is not None}}

        return {
            "holds": self.holds,
            "faults": [plain(found) for found in self.faults],
            "more_faults": self.more,
            "notes": [plain(found) for found in self.notes],
            "checked": self.summary,
        }


class Stop(Exception):
    """Nothing that follows could be understood."""


# The bundle's lines --------------------------------------------------------------------------------

_REQUIRED: dict[str, tuple[str, ...]] = {
    "bundle": ("format", "made_at", "scope"),
    "checkpoint": ("log", "note"),
    "consistency": ("log", "old", "new", "path"),
    "range": ("log", "start", "end", "outside"),
    "hidden": ("log", "first", "digests"),
    "state": ("digest", "manifest"),
    "policy": ("digest", "text"),
    "stream": ("stream", "project", "of", "part", "entries"),
    "entry": ("body", "log", "index", "payloads"),
    "end": ("lines", "digest"),
}
_OPTIONAL = {"entry": ("path",), "stream": ("execution",)}
_RANK = {kind: rank for rank, kind in enumerate(_REQUIRED)}
_RANK["entry"] = _RANK["stream"]
_TYPES: dict[str, type | tuple[type, ...]] = {
    "log": int, "old": int, "new": int, "start": int, "end": int, "first": int, "index": int, "entries": int,
    "lines": int, "path": list, "outside": list, "digests": list, "scope": dict, "payloads": dict,
}  # fmt: skip


def read_lines(file: BinaryIO, report: Report) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each line's number and record, up to and with the end. Raises Stop where it makes no sense to go on."""
    running = hashlib.sha256()
    number, rank, ended = 0, -1, False
    while raw := file.readline(MAX_LINE + 1):
        number += 1
        if ended:
            report.fault("something follows the end of the bundle", line=number)
            return
        if not raw.endswith(b"\n"):
            report.fault("the line is cut off, or longer than any that Waxell writes", line=number)
            raise Stop
        try:
            record = parse_canonical(raw[:-1])
        except Unreadable as error:
            report.fault(f"the line {error}", line=number)
            if number == 1:
                raise Stop from None
            running.update(raw)
            continue
        kind = record.get("kind") if isinstance(record, dict) else None
        if number == 1 and (kind != "bundle" or record.get("format") != FORMAT):
            report.fault(f"this is not a bundle of a version that is known here ({FORMAT})", line=1)
            raise Stop
        wrong = _misshapen(record, kind)
        if wrong or kind is None:
            report.fault(str(wrong), line=number)
        else:
            if (number > 1 and kind == "bundle") or _RANK[kind] < rank:
                report.fault(f"a line of kind {kind} is out of its order", line=number)
            rank = max(rank, _RANK[kind])
            if kind == "end":
                ended = True
                if (record["lines"], record["digest"]) != (number, "sha256:" + running.hexdigest()):
                    report.fault("the end does not agree with the lines before it", line=number)
            else:
                yield number, record
        running.update(raw)
    if not number:
        report.fault("the bundle is empty")
        raise Stop
    if not ended:
        report.fault("the bundle has no end: it was cut off", line=number)


def _misshapen(record: Any, kind: Any) -> str | None:
    if not isinstance(kind, str) or kind not in _REQUIRED:
        return "a line of an unknown kind"
    names = set(record) - {"kind"}
    required, optional = set(_REQUIRED[kind]), set(_OPTIONAL.get(kind, ()))
    if missing := required - names:
        return f"a line of kind {kind} lacks {', '.join(sorted(missing))}"
    if foreign := names - required - optional:
        return f"a line of kind {kind} has what no such line has: {', '.join(sorted(foreign))}"
    for name in names:
        wanted = _TYPES.get(name, str)
        value = record[name]
        if not isinstance(value, wanted) or isinstance(value, bool) or (isinstance(value, int) and value < 0):
            return f"in a line of kind {kind}, {name} is not what it should be"
    return None


def _hashes(values: list[Any], most: int = MAX_PATH) -> list[bytes]:
    if len(values) > most:
        raise Malformed(f"has more than {most} hashes")
    found = [decode_base64(value) for value in values]
    if any(len(value) != 32 for value in found):
        raise Malformed("has a hash that is not 32 bytes")
    return found


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


# Streams and their entries -------------------------------------------------------------------------

_ENVELOPE = ("v", "project", "stream", "seq", "prev", "nonce", "type", "at", "state")
_TOTALS = ("actions", "model_calls", "tool_calls", "unresolved", "refusals", "spent_micros", "tokens")


@dataclass
class Stream:
    """One stream as it is read: where it stands, and what its entries add up to."""

    id: str
    project: str
    of: str
    whole: bool
    promised: int
    line: int
    execution: str | None = None
    count: int = 0
    seq: int = 0
    digest: str | None = None
    at: str = ""
    started_at: str = ""
    closed: bool = False
    states: dict[str, int] = field(default_factory=dict)
    totals: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(_TOTALS, 0))
    dispatched: set[int] = field(default_factory=set)
    resulted: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Place:
    """Where an entry is: in the bundle and in its stream."""

    line: int
    stream: str
    seq: int

    def fields(self) -> dict[str, Any]:
        return {"line": self.line, "stream": self.stream, "seq": self.seq}


def tally(stream: Stream, seq: int, entry: Mapping[str, Any]) -> str | None:
    """Count what an entry of an execution adds to its totals; return what is wrong with it, if anything."""
    kind = entry.get("type")
    verdict = (entry.get("decision") or {}).get("verdict")
    totals = stream.totals
    if kind == "action.decided":
        action = entry["action"]["kind"]
        if entry["facts"]["execution"]["id"] != stream.id:
            return "decides about another execution"
        if action == "execution.start":
            # A start that was held and granted is judged again; only the first judgement counts.
            totals["refusals"] += seq == 1 and verdict in ("deny", "halt")
        elif action == "execution.continue":
            totals["refusals"] += verdict != "allow"
        elif verdict == "allow":
            stream.dispatched.add(seq)
            totals["actions"] += 1
            totals["unresolved"] += 1
            totals["model_calls"] += action == "model.call"
            totals["tool_calls"] += action == "tool.call"
        else:
            totals["refusals"] += verdict in ("deny", "halt")
    elif kind == "action.resulted":
        about, usage = entry["about"], entry["usage"]
        if about not in stream.dispatched or about in stream.resulted:
            return f"reports a result for entry {about}, which is no allowed action that waits for one"
        stream.resulted.add(about)
        totals["unresolved"] -= 1
        totals["spent_micros"] += usage.get("cost_micros") or 0
        totals["tokens"] += (usage.get("tokens_in") or 0) + (usage.get("tokens_out") or 0)
    elif kind == "approval.decided":
        totals["refusals"] += "decision" in entry
    return None


def closing_faults(stream: Stream, seq: int, entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield where the last entry of an execution does not agree with its stream."""
    if entry.get("entries") != seq:
        yield f"closes a record of {entry.get('entries')} entries, and is number {seq}"
    if entry.get("before") != entry.get("prev"):
        yield "closes after another entry than the one before it"
    if entry.get("started_at") != stream.started_at:
        yield "names another time of beginning than the first entry's"
    said = entry.get("totals") or {}
    for name in sorted(set(said) | set(_TOTALS)):
        if said.get(name) != stream.totals.get(name):
            yield f"says {name} {said.get(name)}, and the entries add up to {stream.totals.get(name)}"
    named = [(state["digest"], state["first"]) for state in entry.get("governance_states") or ()]
    if named != sorted(stream.states.items(), key=lambda item: item[1]):
        yield "names other governance states than its entries do"


# The check -----------------------------------------------------------------------------------------


@dataclass
class Range:
    line: int
    log: int
    start: int
    end: int
    outside: list[bytes]


@dataclass(frozen=True)
class Sight:
    """A witness's word: it saw this log grow to this checkpoint, at this time of its clock."""

    witness: Key
    log: int
    size: int
    at: int

    def time(self) -> str:
        try:
            return datetime.fromtimestamp(self.at, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: UP017  as 3.10 has it
        except (OverflowError, OSError, ValueError):
            return str(self.at)


class Verifier:
    """Takes a bundle's records one by one; `finish` judges what can be judged only at the end."""

    def __init__(
        self, keys: Sequence[Key], witnesses: Sequence[Key], report: Report, *, file_size: int, unfinished: bool
    ) -> None:
        self.keys, self.witnesses, self.report = keys, witnesses, report
        self.file_size, self.unfinished = file_size, unfinished
        self.scope: dict[str, Any] = {}
        self.heads: dict[int, Checkpoint] = {}
        self.checkpoints: list[tuple[int, int, Checkpoint]] = []
        self.sights: list[Sight] = []
        # How many leaves of each log a witness must have seen to have seen all that the bundle is about.
        self.reach: dict[int, int] = {}
        self.consistency: dict[tuple[int, int, int], tuple[int, list[bytes]]] = {}
        self.ranges: list[Range] = []
        self.leaves: dict[int, dict[int, bytes]] = {}
        self.hidden = 0
        self.states: dict[str, tuple[int, dict[str, Any]]] = {}
        self.policies: dict[str, int] = {}
        self.schemas: set[str] = set()
        self.used: dict[str, tuple[Place, str]] = {}
        self.published: dict[str, str] = {}
        self.erased: dict[tuple[str, int, str], tuple[str, int]] = {}
        self.claims: list[tuple[Place, str, tuple[str, int]]] = []
        self.openings: dict[int, tuple[Place, str, dict[str, Any]]] = {}
        self.lost: dict[int, tuple[int, dict[str, Any]]] = {}
        self.streams: dict[str, Stream] = {}
        self.stream: Stream | None = None
        self.entries = self.contents = self.withheld = 0

    def take(self, line: int, record: dict[str, Any]) -> None:
        """Check one line."""
        try:
            getattr(self, f"_take_{record['kind']}")(line, record)
        except Malformed as error:
            self.report.fault(f"the {record['kind']} {error}", line=line)
        except (KeyError, TypeError, AttributeError) as error:
            # What is signed can still be of a shape that Waxell never writes.
            self.report.fault(f"the {record['kind']} has not the shape it should have ({error})", line=line)

    # What frames the bundle

    def _take_bundle(self, line: int, record: dict[str, Any]) -> None:
        scope = record["scope"]
        names = set(scope)
        if names == {"project", "execution"}:
            good = bool(_UUID.fullmatch(scope["execution"]) and _UUID.fullmatch(scope["project"]))
        else:
            good = names == {"project", "since", "until"} and bool(
                _TIME.fullmatch(scope["since"]) and _TIME.fullmatch(scope["until"])
            )
        if not good:
            raise Malformed("does not say what it is a bundle of")
        self.scope = scope

    def _take_checkpoint(self, line: int, record: dict[str, Any]) -> None:
        log = record["log"]
        found = Checkpoint.parse(record["note"])
        self._check_signed(found, log)
        self.checkpoints.append((line, log, found))
        self.heads.setdefault(log, found)
        for witness in found.signed_by(self.witnesses):
            self.sights.append(Sight(witness, log, found.size, found.cosigned_at(witness)))

    def _check_signed(self, found: Checkpoint, log: int | None = None) -> int:
        """Check who signed and of which log it is; return the log's number. Raises Malformed."""
        signers = found.signed_by(self.keys)
        if not signers:
            names = ", ".join(sorted({name for name, _, _ in found.signatures}))
            raise Malformed(f"is not signed by a key that was given to this check; it is signed by {names}")
        for key in signers:
            for number in [log] if log is not None else _numbers(found.origin, key.name):
                if number is not None and found.origin == (key.name if number == 1 else f"{key.name}/{number}"):
                    return number
        raise Malformed(f"is of another log: {found.origin}")

    def _take_consistency(self, line: int, record: dict[str, Any]) -> None:
        self.consistency[record["log"], record["old"], record["new"]] = (line, _hashes(record["path"], 2 * MAX_PATH))

    def _take_range(self, line: int, record: dict[str, Any]) -> None:
        start, end = record["start"], record["end"]
        if start > end or (end - start) * SMALLEST_LEAF > self.file_size:
            raise Malformed("claims more leaves than a file of this size can hold")
        if any(other.log == record["log"] for other in self.ranges):
            raise Malformed("is a second one for the same log")
        self.ranges.append(Range(line, record["log"], start, end, _hashes(record["outside"], 2 * MAX_PATH)))

    def _take_hidden(self, line: int, record: dict[str, Any]) -> None:
        if self.scope.get("project") is None:
            raise Malformed("leaves are in a bundle that says it hides nothing")
        for offset, digest in enumerate(_hashes(record["digests"], 1_000_000)):
            self._place_leaf(record["log"], record["first"] + offset, digest, {"line": line})
            self._reach(record["log"], record["first"] + offset)
            self.hidden += 1

    def _take_state(self, line: int, record: dict[str, Any]) -> None:
        content = record["manifest"].encode("utf-8")
        digest = digest_of(content)
        if digest != record["digest"]:
            self.report.fault(f"the governance state is not the one that {record['digest']} names", line=line)
        if digest in self.states:
            raise Malformed("is given twice")
        try:
            manifest = parse_canonical(content)
        except Unreadable as error:
            raise Malformed(f"has a manifest that {error}") from None
        if manifest["v"] != MANIFEST_VERSION:
            raise Malformed(f"is of an unknown version ({manifest['v']!r})")
        texts = [manifest["project"], *(policy[name] for policy in manifest["policies"] for name in ("slug", "digest"))]
        if not all(isinstance(text, str) for text in [*texts, *manifest["tool_schemas"].values()]):
            raise Malformed("has not the shape it should have")
        for budget in manifest["budgets"]:
            terms = {name: value for name, value in budget.items() if name not in ("slug", "version", "digest")}
            if digest_of(encode_canonical(terms)) != budget["digest"]:
                self.report.fault(f"the budget {budget['slug']} is not the version its digest names", line=line)
        self.states[digest] = (line, manifest)

    def _take_policy(self, line: int, record: dict[str, Any]) -> None:
        digest = digest_of(record["text"].encode("utf-8"))
        if digest != record["digest"]:
            self.report.fault(f"the policy's text is not the one that {record['digest']} names", line=line)
        if digest in self.policies:
            raise Malformed("is given twice")
        self.policies[digest] = line

    # Streams

    def _take_stream(self, line: int, record: dict[str, Any]) -> None:
        self._end_stream()
        if record["of"] not in ("execution", "addenda", "governance", "log") or record["part"] not in (
            "whole",
            "excerpt",
        ):
            raise Malformed("is of a kind that is not known here")
        whole = record["part"] == "whole"
        if record["stream"] in self.streams:
            raise Malformed("is given twice")
        if not whole and record["of"] in ("execution", "addenda"):
            raise Malformed("of an execution is not given whole")
        if record["of"] == "governance" and record["stream"] != record["project"]:
            raise Malformed("of governance is not its project's own")
        if (record["project"] == NOBODY) != (record["of"] == "log"):
            raise Malformed("belongs to another project than it says")
        if (record["of"] == "addenda") != ("execution" in record):
            raise Malformed("of addenda does not name its execution")
        wanted = self.scope.get("project")
        if wanted is not None and record["project"] not in (wanted, NOBODY):
            self.report.fault("the stream is of another project than the bundle's", line=line, stream=record["stream"])
        self.stream = self.streams[record["stream"]] = Stream(
            record["stream"], record["project"], record["of"], whole, record["entries"], line, record.get("execution")
        )

    def _end_stream(self) -> None:
        stream = self.stream
        if stream is not None and stream.count != stream.promised:
            self.report.fault(
                f"the stream has {stream.count} entries here and says it has {stream.promised}",
                line=stream.line,
                stream=stream.id,
            )
        self.stream = None

    def _take_entry(self, line: int, record: dict[str, Any]) -> None:
        stream = self.stream
        if stream is None:
            raise Malformed("is not in a stream")
        self.entries += 1
        stream.count += 1
        expected = stream.seq + 1
        content = record["body"].encode("utf-8")
        digest = hashlib.sha256(content).digest()
        try:
            entry = parse_canonical(content)
        except Unreadable as error:
            self.report.fault(f"the entry {error}", line=line, stream=stream.id, seq=expected)
            stream.seq, stream.digest = expected, "sha256:" + digest.hex()
            return
        if not isinstance(entry, dict) or any(name not in entry for name in _ENVELOPE):
            self.report.fault("the entry lacks its envelope", line=line, stream=stream.id, seq=expected)
            return
        seq = entry["seq"] if isinstance(entry["seq"], int) and not isinstance(entry["seq"], bool) else expected
        place = Place(line, stream.id, seq)
        self._check_chain(stream, place, entry)
        self._check_inclusion(place, record, digest)
        if stream.of != "log":
            self._reach(record["log"], record["index"])
        self._check_period(place, record, str(entry["at"]))
        self._check_payloads(place, record["payloads"], entry.get("payloads", {}))
        try:
            self._read(stream, place, entry)
        except (KeyError, TypeError, AttributeError) as error:
            self.report.fault(f"the entry has not the shape of its type ({error})", **place.fields())
        stream.seq, stream.digest, stream.at = seq, "sha256:" + digest.hex(), str(entry["at"])

    def _check_chain(self, stream: Stream, place: Place, entry: dict[str, Any]) -> None:
        fault, expected = self.report.fault, stream.seq + 1
        if entry["v"] != ENTRY_VERSION or isinstance(entry["v"], bool):
            fault(f"the entry is of an unknown version ({entry['v']!r})", **place.fields())
        if (entry["project"], entry["stream"]) != (stream.project, stream.id):
            fault("the entry belongs to another stream or project", **place.fields())
        if stream.whole and place.seq != expected:
            missing = f"entry {expected} is missing" if place.seq > expected else "entries are out of order, or twice"
            fault(f"{missing}: entry {place.seq} follows entry {stream.seq}", **place.fields())
        elif not stream.whole and place.seq < expected:
            fault("entries are out of order, or twice", **place.fields())
        if place.seq == 1 and entry["prev"] is not None:
            fault("the first entry names one before it", **place.fields())
        elif stream.digest is not None and place.seq == expected and entry["prev"] != stream.digest:
            fault(
                f"the entry does not follow entry {stream.seq} as it is here: one of the two was changed",
                **place.fields(),
            )
        if not _HEX32.fullmatch(str(entry["nonce"])) or not _TIME.fullmatch(str(entry["at"])):
            fault("the entry's nonce or time is not written as one", **place.fields())
        elif stream.at and str(entry["at"]) < stream.at:
            self.report.note("the entry says an earlier time than the one before it", **place.fields())
        if stream.closed:
            fault("the entry follows the one that closed the record", **place.fields())

    def _check_inclusion(self, place: Place, record: dict[str, Any], digest: bytes) -> None:
        log, index = record["log"], record["index"]
        head = self.heads.get(log)
        if head is None:
            self.report.fault(f"no checkpoint of log {log} covers the entry", **place.fields())
            return
        self._place_leaf(log, index, digest, place.fields())
        if "path" not in record:
            if not any(given.log == log and given.start <= index < given.end for given in self.ranges):
                self.report.fault("the entry comes without a proof that it was sealed", **place.fields())
            return
        try:
            path = _hashes(record["path"])
        except Malformed as error:
            self.report.fault(f"the entry's proof {error}", **place.fields())
            return
        if root_from_path(hash_leaf(digest), index, head.size, path) != head.root:
            self.report.fault(
                "the entry is not the one that was sealed: its proof does not lead to the checkpoint", **place.fields()
            )

    def _check_period(self, place: Place, record: dict[str, Any], at: str) -> None:
        if "since" not in self.scope or not self.scope["since"] <= at < self.scope["until"]:
            return
        if not any(given.log == record["log"] and given.start <= record["index"] < given.end for given in self.ranges):
            self.report.fault("the entry is of the period and its leaf is outside of its ranges", **place.fields())

    def _reach(self, log: int, index: int) -> None:
        self.reach[log] = max(self.reach.get(log, 0), index + 1)

    def _place_leaf(self, log: int, index: int, digest: bytes, place: Mapping[str, Any]) -> None:
        leaves = self.leaves.setdefault(log, {})
        if index in leaves:
            self.report.fault(f"leaf {index} of log {log} is given twice", **place)
        leaves[index] = digest

    def _check_payloads(self, place: Place, given: dict[str, Any], named: Any) -> None:
        fault = self.report.fault
        if not isinstance(named, dict):
            fault("the entry's payloads are not named", **place.fields())
            return
        for name in sorted(set(given) | set(named)):
            if name not in named:
                fault(f"a payload {name} is here that the entry does not name", **place.fields())
                continue
            found = given.get(name, {"missing": True})
            if found == {"missing": True}:
                fault(f"the payload {name} is missing, and no entry says that it was erased", **place.fields())
            elif found == {"withheld": True}:
                self.withheld += 1
            elif set(found) == {"erased"}:
                by = found["erased"]
                self.claims.append((place, name, (by["stream"], by["seq"])))
            else:
                self._check_content(place, name, found, named[name])

    def _check_content(self, place: Place, name: str, found: dict[str, Any], named: dict[str, Any]) -> None:
        if set(found) not in ({"salt", "text"}, {"salt", "base64"}):
            self.report.fault(f"the payload {name} is given in a form that is not known here", **place.fields())
            return
        try:
            salt = decode_base64(found["salt"])
            content = found["text"].encode("utf-8") if "text" in found else decode_base64(found["base64"])
        except Malformed as error:
            self.report.fault(f"the payload {name} {error}", **place.fields())
            return
        self.contents += 1
        if (len(salt), digest_of(salt + content), len(content)) != (16, named["commitment"], named["bytes"]):
            self.report.fault(f"the payload {name} is not the one that the entry commits to", **place.fields())

    def _read(self, stream: Stream, place: Place, entry: dict[str, Any]) -> None:
        state, at = entry["state"], str(entry["at"])
        if stream.of in ("execution", "addenda"):
            if not isinstance(state, str):
                self.report.fault("the entry names no governance state", **place.fields())
            else:
                self.used.setdefault(state, (place, at))
                stream.states.setdefault(state, place.seq)
        if stream.of == "execution":
            self._read_execution(stream, place, entry)
        elif stream.of == "addenda":
            if entry["execution"] != stream.execution:
                self.report.fault("the addendum speaks of another execution", **place.fields())
        elif stream.of == "governance":
            self._read_governance(place, entry)
        elif entry["type"] == "ledger.opened":
            self.openings[entry["log"]] = (place, str(entry["origin"]), dict(entry["previous"] or {}))

    def _read_execution(self, stream: Stream, place: Place, entry: dict[str, Any]) -> None:
        if place.seq == 1:
            stream.started_at = str(entry["at"])
            if (entry["type"], (entry.get("action") or {}).get("kind")) != ("action.decided", "execution.start"):
                self.report.fault("the first entry does not start an execution", **place.fields())
        if wrong := tally(stream, place.seq, entry):
            self.report.fault(f"the entry {wrong}", **place.fields())
        if entry["type"] == "execution.closed":
            for wrong in closing_faults(stream, place.seq, entry):
                self.report.fault(f"the entry {wrong}", **place.fields())
            stream.closed = True

    def _read_governance(self, place: Place, entry: dict[str, Any]) -> None:
        if "published" in entry:
            digest, at = entry["published"]["state"], str(entry["at"])
            self.published[digest] = min(at, self.published.get(digest, at))
        if entry["type"] in ("tool.registered", "tool.changed") and entry.get("definition") is not None:
            digest = digest_of(encode_canonical(entry["definition"]))
            if digest != entry["schema"]:
                self.report.fault("the schema is not the one that its digest names", **place.fields())
            self.schemas.add(digest)
        if entry["type"] == "payloads.erased":
            for item in entry["erased"]:
                self.erased[item["stream"], item["seq"], item["name"]] = (place.stream, place.seq)

    # What only the whole can show

    def finish(self, olds: Sequence[tuple[str, Checkpoint]]) -> None:
        """Judge the bundle as a whole."""
        self._end_stream()
        if not self.heads:
            self.report.fault("the bundle has no checkpoint: nothing in it is signed")
        self._finish_logs()
        self._finish_checkpoints(olds)
        self._finish_witnesses()
        for given in self.ranges:
            self._finish_range(given)
        self._finish_rules()
        for place, name, by in self.claims:
            if self.erased.get((place.stream, place.seq, name)) != by:
                self.report.fault(
                    f"the payload {name} is said to be erased by entry {by[1]} of stream {by[0]}, which is not here"
                    " or does not say so",
                    **place.fields(),
                )
            else:
                self.report.note(f"the payload {name} was erased, by entry {by[1]} of stream {by[0]}", **place.fields())
        self._finish_scope()
        self._summarise()

    def _finish_checkpoints(self, olds: Sequence[tuple[str, Checkpoint]]) -> None:
        used = set()
        for line, log, found in self.checkpoints:
            if found is not self.heads[log]:
                used.add(self._compare(f"the checkpoint of size {found.size}", log, found, {"line": line}))
        for name, old in olds:
            try:
                log = self._check_signed(old)
            except Malformed as error:
                self.report.fault(f"the checkpoint {name} {error}")
                continue
            if log not in self.heads and log not in self.lost:
                self.report.fault(f"the checkpoint {name} is of log {log}, and the bundle has none of that log")
            else:
                used.add(self._compare(f"the checkpoint {name}", log, old, {}))
        for key, (line, _) in self.consistency.items():
            if key not in used:
                self.report.fault("a proof of consistency is of no checkpoint that is here", line=line)

    def _compare(self, name: str, log: int, old: Checkpoint, place: Mapping[str, Any]) -> tuple[int, int, int]:
        head = self.heads.get(log)
        if head is None or (old.size > head.size and log in self.lost):
            return self._compare_lost(name, log, old, place)
        key = (log, old.size, head.size)
        if old.size == head.size:
            if old.root != head.root:
                self.report.fault(f"{name} commits to another log: the history was rewritten", **place)
        elif old.size > head.size:
            self.report.fault(
                f"{name} is of {old.size} leaves, and the bundle only knows {head.size}: the bundle is older, or the"
                " log was rolled back; ask for a new bundle",
                **place,
            )
        elif key not in self.consistency:
            self.report.fault(
                f"the bundle does not show that its log continues {name}; export it again with --continues {old.size}",
                **place,
            )
        elif not extends(old.size, old.root, head.size, head.root, self.consistency[key][1]):
            self.report.fault(f"the bundle's log does not continue {name}: the history was rewritten", **place)
        return key

    def _compare_lost(self, name: str, log: int, old: Checkpoint, place: Mapping[str, Any]) -> tuple[int, int, int]:
        """Compare a checkpoint with the head that a recovery named, where the database has less than it."""
        successor, before = self.lost[log]
        size, root = before["size"], bytes.fromhex(before["root"][7:])
        here = self.heads[log].size if log in self.heads else 0
        key = (log, old.size, size)
        told = f"the database was restored with {here} leaves of it, and log {successor} was opened after that"
        if old.size > size:
            self.report.fault(
                f"{name} is of {old.size} leaves; {told}, but names a head of only {size}: the log was rolled back,"
                f" and the recovery does not admit to the {old.size - size} leaves after it",
                **place,
            )
        elif old.size == size and old.root != root:
            self.report.fault(f"{name} commits to another log than the head that log {successor} names", **place)
        elif old.size == size:
            self.report.note(
                f"{name} is of {old.size} leaves; {told}. Its first entry names exactly this checkpoint and says what"
                " is missing: the log was not rolled back in secret, it goes on lawfully",
                **place,
            )
        elif key not in self.consistency:
            self.report.fault(
                f"{name} is of {old.size} leaves; {told} and names the head of {size} leaves that was published."
                f" Nothing here shows that the one led to the other: compare it with what was published under"
                f" logs/{log}/checkpoints/{old.size}, or check with the checkpoint of {size} leaves",
                **place,
            )
        elif not extends(old.size, old.root, size, root, self.consistency[key][1]):
            self.report.fault(f"{name} does not lead to the head that log {successor} names", **place)
        return key

    def _finish_witnesses(self) -> None:
        for witness in self.witnesses:
            seen: dict[int, Sight] = {}
            for sight in self.sights:
                if sight.witness == witness and sight.size >= seen.get(sight.log, sight).size:
                    seen[sight.log] = sight
            if not seen:
                self.report.fault(f"no checkpoint of the bundle is cosigned by the witness {witness.name}")
                continue
            for log, sight in sorted(seen.items()):
                self.report.note(f"{witness.name} saw log {log} grow to {sight.size} leaves, at {sight.time()}")
            for log, reach in sorted(self.reach.items()):
                size = seen[log].size if log in seen else 0
                if size < reach:
                    self.report.fault(
                        f"the witness {witness.name} cosigned {size} leaves of log {log}, and the bundle has entries up"
                        f" to leaf {reach - 1}: it has not seen all of them"
                    )

    def _finish_logs(self) -> None:
        for log in sorted(self.heads):
            if log == 1:
                continue
            if log not in self.openings:
                self.report.fault(f"the entry that opened log {log} and names the one before it is not here")
                continue
            place, origin, before = self.openings[log]
            if origin != self.heads[log].origin:
                self.report.fault("the entry opened another log", **place.fields())
            try:
                self._read_recovery(log, place, before)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                self.report.fault(f"the entry does not say what log it goes on from ({error})", **place.fields())

    def _read_recovery(self, log: int, place: Place, before: dict[str, Any]) -> None:
        """Judge what the first entry of a log says of the one before it. Raises what a bad shape raises."""
        number, size, root = before["log"], before["size"], before["root"]
        missing = dict(before.get("missing") or {})
        if not _DIGEST.fullmatch(root) or not isinstance(size, int) or not isinstance(number, int) or number >= log:
            raise ValueError("it names no head")
        head = self.heads.get(number)
        lost = f", of which {missing['lost']} were lost" if missing.get("lost") else ""
        self.report.note(
            f"the database was recovered: log {log} goes on where log {number} had {size} leaves{lost}",
            **place.fields(),
        )
        try:
            said = Checkpoint.parse(before["note"])
            if (self._check_signed(said), said.size, "sha256:" + said.root.hex()) != (number, size, root):
                raise Malformed("says something else than the entry")
        except Malformed as error:
            self.report.fault(f"the head that log {log} names {error}", **place.fields())
        if head is None or head.size <= size:
            self.lost[number] = (log, before)
        if head is None:
            return
        if head.size < size:
            self._check_restored(log, place, head, before, missing)
        elif head.size > size or "sha256:" + head.root.hex() != root:
            self.report.fault(
                f"log {log} continues another log {number} than the one here: that one was rewritten, or sealed on"
                " after an old copy was restored",
                **place.fields(),
            )

    def _check_restored(
        self, log: int, place: Place, head: Checkpoint, before: dict[str, Any], missing: dict[str, Any]
    ) -> None:
        number, size, proof = before["log"], before["size"], missing.get("proof")
        if proof is None:
            self.report.note(
                f"nothing shows that the {head.size} leaves of log {number} led to the {size} that were published",
                **place.fields(),
            )
            return
        if not extends(head.size, head.root, size, bytes.fromhex(before["root"][7:]), _hashes(proof)):
            self.report.fault(
                f"the {head.size} leaves of log {number} do not lead to the head that log {log} names", **place.fields()
            )

    def _finish_range(self, given: Range) -> None:
        head, leaves = self.heads.get(given.log), self.leaves.get(given.log, {})
        if head is None or given.end > head.size:
            self.report.fault("the range goes beyond its checkpoint", line=given.line)
            return
        absent = [index for index in range(given.start, given.end) if index not in leaves]
        for index in absent[:1000]:
            self.report.fault(
                f"leaf {index} of log {given.log} is left out: an entry of the period is not in the bundle",
                line=given.line,
            )
        if len(absent) > 1000:
            self.report.fault(f"{len(absent) - 1000} more leaves of log {given.log} are left out", line=given.line)
        if absent:
            return
        try:
            root = root_from_range(given.start, given.end, head.size, leaves, given.outside)
        except RangeFits:
            root = b""
        if root != head.root:
            self.report.fault("the leaves of the period are not those that were sealed", line=given.line)

    def _finish_rules(self) -> None:
        fault = self.report.fault
        policies: set[str] = set()
        for digest, (place, at) in self.used.items():
            if digest not in self.states:
                fault(f"the governance state {digest} that the entry names is not in the bundle", **place.fields())
                continue
            line, manifest = self.states[digest]
            if manifest["project"] != self.streams[place.stream].project:
                fault("the governance state is another project's", line=line)
            if digest not in self.published:
                fault(f"no entry of the bundle publishes the governance state {digest}", line=line)
            elif self.published[digest] > at:
                fault("the entry was decided under rules that were published later", **place.fields())
            for policy in manifest["policies"]:
                policies.add(policy["digest"])
                if policy["digest"] not in self.policies:
                    fault(f"the text of the policy {policy['slug']} is not in the bundle", line=line)
            for tool, schema in manifest["tool_schemas"].items():
                if schema not in self.schemas:
                    fault(f"no entry of the bundle defines the schema of the tool {tool}", line=line)
        for digest, (line, _) in self.states.items():
            if digest not in self.used:
                fault("the governance state is named by no entry: it was put in", line=line)
        for digest, line in self.policies.items():
            if digest not in policies:
                fault("the policy's text is named by no governance state: it was put in", line=line)

    def _finish_scope(self) -> None:
        wanted = self.scope.get("execution")
        if "since" in self.scope:
            self._finish_period()
        elif wanted is not None:
            own = self.streams.get(wanted)
            if own is None or own.of != "execution":
                self.report.fault(f"the execution {wanted} is not in its own bundle")
            for stream in self.streams.values():
                if wanted not in (stream.id, stream.execution) and stream.of in ("execution", "addenda"):
                    self.report.fault("the stream is of another execution", line=stream.line, stream=stream.id)
            if self.ranges or self.hidden:
                self.report.fault("a bundle of one execution holds leaves of a period")
        for stream in self.streams.values():
            if stream.of == "execution" and not stream.closed:
                told = f"the record has no closing entry: it is known up to entry {stream.seq}"
                if self.unfinished or self.ranges:
                    self.report.note(told, stream=stream.id)
                else:
                    self.report.fault(
                        f"{told}, and nothing shows that none follows (--unfinished accepts that)", stream=stream.id
                    )

    def _finish_period(self) -> None:
        if not self.ranges:
            self.report.fault("the bundle of a period has no range of leaves")
        for log in self.heads:
            if not any(given.log == log for given in self.ranges):
                self.report.note(f"of log {log} no leaf belongs to the period")

    def _summarise(self) -> None:
        executions = [stream for stream in self.streams.values() if stream.of == "execution"]
        self.report.summary = {
            "scope": self.scope,
            "checkpoints": [
                {"log": log, "origin": found.origin, "size": found.size, "root": base64.b64encode(found.root).decode()}
                for log, found in sorted(self.heads.items())
            ],
            "entries": self.entries,
            "executions": len(executions),
            "closed": sum(stream.closed for stream in executions),
            "payloads": self.contents,
            "withheld": self.withheld,
            "erased": len(self.claims),
            "hidden": self.hidden,
            "leaves": sum(given.end - given.start for given in self.ranges),
            "governance_states": len(self.states),
            "witnesses": sorted({sight.witness.name for sight in self.sights}),
            "cosignatures": [
                {"witness": sight.witness.name, "log": sight.log, "size": sight.size, "at": sight.time()}
                for sight in self.sights
            ],
        }


def _numbers(origin: str, name: str) -> list[int | None]:
    """Return which log an origin may be, of those that a key of this name signs."""
    last = origin.removeprefix(f"{name}/")
    return [1, int(last) if last != origin and _SIZE.fullmatch(last) else None]


def verify(
    file: BinaryIO,
    *,
    keys: Sequence[Key],
    witnesses: Sequence[Key] = (),
    checkpoints: Sequence[tuple[str, Checkpoint]] = (),
    unfinished: bool = False,
) -> Report:
    """Check the bundle in `file`, which can be rewound; `checkpoints` are older ones, each with its name.

    A record that is not closed can have been cut short without a trace: `unfinished` accepts one.
    """
    report = Report()
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    verifier = Verifier(keys, witnesses, report, file_size=size, unfinished=unfinished)
    try:
        for line, record in read_lines(file, report):
            verifier.take(line, record)
    except Stop:
        report.fault("the rest could not be checked")
    verifier.finish(checkpoints)
    return report


# The command ---------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description="Check a bundle of Waxell's ledger, without Waxell and offline.")
    parser.add_argument("bundle", help="the file that was exported")
    parser.add_argument("--key", action="append", required=True, help="the text of /api/v1/ledger/key, or its file")
    parser.add_argument("--checkpoint", action="append", default=[], metavar="OLD", help="a checkpoint kept earlier")
    parser.add_argument("--witness", action="append", default=[], metavar="KEY", help="who must have cosigned")
    parser.add_argument("--unfinished", action="store_true", help="accept the record of an execution not yet closed")
    parser.add_argument("--nothing-hidden", action="store_true", help="refuse a period with hidden leaves")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    options = parser.parse_args(arguments)
    try:
        keys = read_keys(options.key)
        witnesses = read_keys(options.witness)
        olds = [(name, read_checkpoint(name)) for name in options.checkpoint]
        if not keys:
            raise Malformed("--key names no key")
        with open(options.bundle, "rb") as file:
            report = verify(file, keys=keys, witnesses=witnesses, checkpoints=olds, unfinished=options.unfinished)
    except (OSError, Malformed, UnicodeDecodeError) as error:
        print(f"Nothing was checked: {error}", file=sys.stderr)
        return 2
    if options.nothing_hidden and report.summary["hidden"]:
        report.fault(f"{report.summary['hidden']} leaves are hidden")
    if options.json:
        print(json.dumps(report.document(), ensure_ascii=False, indent=1))
    else:
        tell(report)
    return 0 if report.holds else 1


def read_checkpoint(path: str) -> Checkpoint:
    """Read a checkpoint from a file. Raises OSError, Malformed."""
    with open(path, encoding="utf-8", newline="") as file:
        try:
            return Checkpoint.parse(file.read(1_000_000))
        except Malformed as error:
            raise Malformed(f"the checkpoint {path} {error}") from None


def tell(report: Report) -> None:
    """Print a report in plain words, with what could move a terminal's cursor made visible."""
    for heading, found in (("WRONG", report.faults), ("note", report.notes)):
        for finding in found:
            print(f"{heading}: {visible(str(finding))}")
    if report.more:
        print(f"WRONG: and {report.more} more")
    checked = report.summary
    for head in checked["checkpoints"]:
        print(visible(f"Checkpoint: {head['origin']}, {head['size']} leaves, root {head['root']}"))
    print(
        f"Read: {checked['entries']} entries of {checked['executions']} executions ({checked['closed']} closed),"
        f" {checked['payloads']} payloads, {checked['withheld']} withheld, {checked['erased']} erased,"
        f" {checked['leaves']} leaves of a period, {checked['hidden']} of them hidden."
    )
    if checked["witnesses"]:
        print(visible(f"Cosigned by {len(checked['witnesses'])}: {', '.join(checked['witnesses'])}."))
    print("EVERYTHING HOLDS." if report.holds else f"IT DOES NOT HOLD: {len(report.faults) + report.more} faults.")


def visible(text: str) -> str:
    return "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in text)


if __name__ == "__main__":
    sys.exit(main())
