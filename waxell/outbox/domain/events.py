"""What happened, as others are told: an event, and the entry of the ledger that it is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from waxell.lib import canonical, times

TEST: Final = "destination.test"
CHECKPOINT: Final = "checkpoint.published"
RECORD: Final = "record.closed"
"""A record is complete: told to those who take records as traces, and to nobody else."""

MOST_TITLE: Final = 200
MOST_LINE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySeen:
    """An entry of the ledger, with its body as parsed JSON."""

    project: UUID
    stream: UUID
    seq: int
    type: str
    verdict: str | None
    at: datetime
    body: Mapping[str, Any]

    @property
    def event_id(self) -> str:
        """One entry gives at most one event, however often it is read."""
        return f"{self.stream}/{self.seq}"

    def reference(self) -> dict[str, object]:
        """Return where the entry is, as an event's data say it."""
        return {"stream": str(self.stream), "seq": self.seq}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened in a project, in plain words and with references.

    `id` is the same whenever the same thing is noticed again. `title` is one line, `lines` say more,
    `path` is the console's page about it, from the root. `data` are references and figures: never
    arguments, results, comments or anything else that is a payload in the ledger.
    """

    id: str
    type: str
    project: UUID
    at: datetime
    title: str
    lines: tuple[str, ...] = ()
    path: str = ""
    data: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


def compose(event: Event, *, site: str) -> bytes:
    """Return the body of an event's messages: canonical JSON `{type, timestamp, data}`.

    `site` is the console's address without a slash at the end; without one there is no link.
    """
    return canonical.encode(
        {
            "type": event.type,
            "timestamp": times.format_time(event.at),
            "data": {
                **event.data,
                "title": one_line(event.title, MOST_TITLE),
                "lines": [one_line(line, MOST_LINE) for line in event.lines],
                "url": f"{site}{event.path}" if site and event.path else None,
            },
        }
    )


def one_line(text: str, most: int) -> str:
    """Return a text as one line of at most `most` printable characters."""
    shown = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return shown if len(shown) <= most else shown[: most - 1] + "…"
