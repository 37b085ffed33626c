"""What the load generators know of the scene: which executions run, and what to ask for in them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A POST about an execution, with EXECUTION and FENCE in the places of that one's own."""

    path: str
    body: str

    def about(self, one: Running) -> tuple[str, bytes]:
        """Path and body of the question about one execution."""
        path, body = (text.replace("EXECUTION", one.execution) for text in (self.path, self.body))
        return path, body.replace("FENCE", str(one.fence)).encode()


def _body(wanted: dict[str, object]) -> str:
    return json.dumps(wanted, separators=(",", ":")).replace('"FENCE"', "FENCE")


ACTION: Final = Question(
    path="/api/v1/executions/EXECUTION/actions/",
    body=_body(
        {
            "fence": "FENCE",
            "kind": "tool.call",
            "resource": "search",
            "args": {"query": "annual report", "limit": 10},
            "estimate": {"usd": "0.001", "tokens": 100, "seconds": 1},
        }
    ),
)
"""What an agent sends for one action."""

BARE: Final = Question(path="/api/bare/", body=ACTION.body)
"""The same to a view that does nothing."""

POLICY_CHECK: Final = Question(
    path="/api/v1/observe/policy-check/",
    body=_body(
        {
            "agent_name": "bench",
            "workflow_name": "work-0",
            "user_group": "",
            "surface": "tool.before",
            "signal": {"tool_name": "search", "tool_args": {"query": "annual report", "limit": 10}, "metadata": {}},
            "categories": [],
            "policies": ["waxell"],
            "workflow_id": "EXECUTION",
        }
    ),
)
"""What `waxell-observe` asks before a tool."""
