"""What the load generators know of the scene: which executions run, and what to ask for in them."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One running execution and what its agent needs to act in it."""

    execution: str
    key: str
    fence: int


def write(running: list[Running], file: Path) -> None:
    """Lines of `execution key fence`, which the load generators read."""
    file.write_text("".join(f"{one.execution} {one.key} {one.fence}\n" for one in running))


def read(file: Path) -> list[Running]:
    rows = (line.split() for line in file.read_text().splitlines())
    return [Running(execution=row[0], key=row[1], fence=int(row[2])) for row in rows]


def body(fence: int) -> bytes:
    """What an agent sends for one action."""
    wanted = {
        "fence": fence,
        "kind": "tool.call",
        "resource": "search",
        "args": {"query": "annual report", "limit": 10},
        "estimate": {"usd": "0.001", "tokens": 100, "seconds": 1},
    }
    return json.dumps(wanted, separators=(",", ":")).encode()
