"""Runs the programs of the ways in, one after the other, and reads what they measured."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench.running import Running
from bench.stage import ROOT, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way in: the program in this folder, and the environment that has what it needs."""

    name: str
    program: str
    environment: str = ".venv"


WAYS: Final = (
    Way(name="plain REST", program="rest"),
    Way(name="Python client", program="client"),
    Way(name="LangChain, an agent's turn", program="langchain", environment=".venv-agents"),
    Way(name="OpenAI Agents SDK, a turn", program="openai_agents", environment=".venv-agents"),
    Way(name="Claude Agent SDK, a turn + tool", program="claude_agent", environment=".venv-agents"),
    Way(name="LiteLLM proxy, a completion", program="litellm", environment=".venv-litellm"),
    Way(name="MCP gateway, a tool call", program="mcp"),
    Way(name="waxell-observe, a tool's gate", program="observe", environment=".venv-observe"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """Medians in ms of one call, plain and governed."""

    way: str
    plain: float
    governed: float
    calls: int

    @property
    def ratio(self) -> float:
        return self.governed / self.plain


def measure(built: Stage, running: Running, *, seconds: float, say: Callable[[str], None]) -> list[Added]:
    """Measure every way whose environment is there; `say` is told of each, also of those that are not."""
    added = []
    with started("work") as work, started("tool_server") as tools, built.bridging():
        _register(tools)
        environ = _environ(built, running, seconds) | {"BENCH_WORK": work, "BENCH_TOOLS": tools}
        for way in WAYS:
            python = ROOT / way.environment / "bin" / "python"
            if not python.exists():
                say(f"{way.name}: left out, {way.environment} is not there (`make foreign`)")
                continue
            added.append(_run(way, python, environ))
            say(f"{way.name}: {added[-1].calls} calls")
    return added


@contextmanager
def started(program: str) -> Iterator[str]:
    """A server of this folder, until the block ends; gives the address that it prints."""
    command = [sys.executable, "-m", f"bench.ways.{program}"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def _register(tools: str) -> None:
    """Put the tools behind the gateway."""
    from django.db import connections

    from governance.domain.actors import Actor
    from governance.models import Project
    from governance.services import mcp_servers

    project = Project.objects.get(slug="bench")
    mcp_servers.register(project=project, actor=Actor(system="bench"), slug="bench", url=tools)
    connections.close_all()


def _environ(built: Stage, running: Running, seconds: float) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        # A clean home: nothing that a client keeps there is from elsewhere.
        "HOME": str(built.home.path),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'client' / 'src'}",
        "BENCH_SECONDS": str(seconds),
        "WAXELL_URL": built.url,
        "WAXELL_API_URL": built.url,
        "WAXELL_MCP_URL": built.gateway_url,
        "WAXELL_API_KEY": running.key,
        # waxell-observe would look for a cloud around this machine.
        "WAXELL_REGION_DETECT": "0",
    }


def _run(way: Way, python: Path, environ: dict[str, str]) -> Added:
    command = [str(python), "-m", f"bench.ways.{way.program}"]
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way.name} could not be measured: {done.stderr[-2000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    plain, governed = told["plain"], told["governed"]
    return Added(way=way.name, plain=median(plain), governed=median(governed), calls=len(governed))
