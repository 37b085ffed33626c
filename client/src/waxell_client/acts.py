"""One governed action, before and after it is done; the same for sync and async programs."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from waxell_client.amounts import Estimate, Metering, Usage
from waxell_client.asking import Kind, Wanted
from waxell_client.values import exact

log = logging.getLogger("waxell_client")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked for, what a function is then called with, and how its use is known."""

    wanted: Wanted
    call: Mapping[str, Any]
    metering: Metering = None

    def metered(self, output: object) -> Usage | None:
        """What the action used, as far as it can be told."""
        if self.metering is None or isinstance(self.metering, Usage):
            return self.metering
        try:
            return self.metering(output)
        except Exception:
            # It is done and must be reported: without a usage all that was reserved counts as spent.
            log.exception("The usage of %s could not be read from what it returned", self.wanted.resource)
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """An allowed hand-over: give it to the other agent, whose execution names it as its origin."""

    parent: str
    seq: int

    def __str__(self) -> str:
        """As one word, for a header, a queue or a command line."""
        return f"{self.parent}:{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "Delegation":
        """Read what `str` wrote. Raises ValueError."""
        parent, _, seq = text.rpartition(":")
        if not parent or not seq.isdecimal():
            raise ValueError(f"{text!r} is no delegation: it looks like 0190…:7.")
        return cls(parent=parent, seq=int(seq))


def plan(
    kind: Kind,
    resource: str,
    args: Mapping[str, Any] | None,
    *,
    told: Mapping[str, Any] | None = None,
    call: Mapping[str, Any] | None = None,
    estimate: Estimate | None = None,
    usage: Metering = None,
) -> Plan:
    """Plan an action. `told` is decided on instead of `args`. Raises Unsayable where that has no form in JSON."""
    given = args or {}
    wanted = Wanted(kind=kind, resource=resource, args=exact(given if told is None else told), estimate=estimate)
    return Plan(wanted=wanted, call=given if call is None else call, metering=usage)


def failure(error: BaseException) -> dict[str, str]:
    """An exception as it is recorded: its type and its words, without the traceback."""
    return {"type": type(error).__qualname__, "message": str(error)}


def outcome_of(error: BaseException | None) -> str:
    """How an execution ends whose block was left with `error`."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "completed"
    return "failed"
