"""What is told of a call whose arguments are a whole conversation: all of it, or what it was where it is too much."""

import hashlib
from collections.abc import Mapping
from typing import Any

from waxell_client.amounts import Estimate
from waxell_client.errors import Unsayable
from waxell_client.values import MAX_INTEGER, MAX_TOLD_BYTES, encode, exact, told


def fitting(args: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as they are decided on: exactly, where that is possible.

    What is too large is told by its digest, so that a grant still belongs to these very arguments; what has no
    form in JSON is named in its place.
    """
    try:
        said = exact(args)
    except Unsayable:
        said = told(args)
    content = encode(said)
    if len(content) <= MAX_TOLD_BYTES:
        return dict(said)
    return {"left_out": f"{len(content)} bytes", "sha256": hashlib.sha256(content).hexdigest()}


def most_tokens(args: Mapping[str, Any], most_out: object) -> Estimate | None:
    """The most tokens of a call that gives at most `most_out`; None where there is no such limit.

    Never more tokens go in than bytes: this much is reserved, and what is not used is free again afterwards.
    """
    if not isinstance(most_out, int) or isinstance(most_out, bool) or most_out < 0:
        return None
    return Estimate(tokens=min(bytes_of(args) + most_out, MAX_INTEGER))


def bytes_of(args: Mapping[str, Any]) -> int:
    """How long arguments are, as JSON in bytes."""
    try:
        return len(encode(exact(args)))
    except Unsayable:
        return len(repr(args).encode("utf-8", "replace"))
