"""MCP clients through the gateway of the running stack to servers behind bridges, each a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from tests.process.local_run import ROOT
from tests.stack.fixtures import Bench, bench, looking, stack
from tests.stack.foreign import python_of
from tests.stack.running import wait_until

__all__ = ["bench", "looking", "stack"]

START_SECONDS = 60.0
PATIENCE = 60.0


@dataclass(slots=True, kw_only=True)
class Behind:
    """A server behind a bridge, on a port that stays the same when it is started again."""

    command: list[str]
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("WAXELL_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "mcp_bridge", "--port", str(self.port), "--", *self.command],
                env=environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(self._answers, START_SECONDS)

    def kill(self) -> None:
        """`kill -9` of the bridge and of the server behind it."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        return _listens(self.port)


@dataclass(slots=True, kw_only=True)
class Agent:
    """The official SDK's client as an agent uses it, pointed at the gateway."""

    client: Client
    portal: BlockingPortal

    def tools(self) -> list[str]:
        return [tool.name for tool in self.portal.call(self.client.list_tools).tools]

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        return self.portal.call(self.client.call_tool, tool, arguments)

    def calling(self, tool: str, **arguments: Any) -> Any:
        """The call's future: it is under way."""
        return self.portal.start_task_soon(self.client.call_tool, tool, arguments)


@dataclass(slots=True, kw_only=True)
class Gateway:
    """A gateway's process."""

    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass(slots=True, kw_only=True)
class Scene:
    """A project, servers of it, and agents that come through the gateway."""

    bench: Bench
    place: Path
    stack: ExitStack
    gateway: str
    behind: dict[str, Behind] = field(default_factory=dict)

    def serve(self, slug: str, *command: str) -> Behind:
        """Start a server and register it."""
        made = Behind(command=list(command), port=_free_port(), log=self.place / f"{slug}.log")
        self.stack.callback(made.kill)
        made.start()
        self.bench.governor.post("mcp-servers/", {"slug": slug, "url": made.url}, expect=201)
        self.behind[slug] = made
        return made

    @contextmanager
    def agent(self, slug: str, *, mode: str = "legacy", **more: Any) -> Iterator[Agent]:
        """A client at `/mcp/{slug}/`: with a session (`legacy`), or without one (`2026-07-28`)."""
        headers = {"Authorization": f"Bearer {more.pop('key', self.bench.scout.key)}", **more.pop("headers", {})}
        # The portal's own loop must see the end of everything that was opened in it.
        with (
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(_client(f"{self.gateway}/{slug}/", headers, mode, more)) as client,
        ):
            yield Agent(client=client, portal=portal)

    def executions(self, **filters: str) -> list[Any]:
        return self.bench.governor.items("executions/", **filters)

    def only(self) -> Any:
        """The one execution there is, as it is now."""
        [found] = self.executions()
        return found

    def closed(self) -> Any:
        """The one execution, once its record is closed: a moment after its session."""
        wait_until(lambda: self.only()["record"] is not None, PATIENCE)
        return self.only()

    def approval(self) -> Any:
        """The one approval that waits."""
        [found] = wait_until(lambda: self.bench.governor.items("approvals/", state="pending"), PATIENCE)
        return found

    def decide(self, decision: str) -> Any:
        """Alice decides what waits."""
        found = self.approval()
        self.bench.governor.post(f"approvals/{found['id']}/decide/", {"decision": decision, "comment": "seen"})
        return found

    @contextmanager
    def gateway_with(self, **settings: str) -> Iterator["Gateway"]:
        """Another gateway of the same installation, with settings of its own."""
        home = self.bench.stack.run.home
        kept = {n: v for n, v in os.environ.items() if not n.startswith("WAXELL_") and n != "DATABASE_URL"}
        named = {f"WAXELL_MCP_{name.upper()}": value for name, value in settings.items()}
        environ = kept | {"WAXELL_HOME": str(home), "WAXELL_MCP_ALLOW": "127.0.0.1", "WAXELL_PROCESS": "extra"} | named
        port = _free_port()
        program = str(Path(sys.executable).parent / "uvicorn")
        with (self.place / "gateway.log").open("ab") as log:
            process = subprocess.Popen(
                [program, "executions.gateway.asgi:application", "--port", str(port), "--log-level", "warning"],
                env=environ,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        was = self.gateway
        try:
            wait_until(lambda: _listens(port), START_SECONDS)
            self.gateway = f"http://127.0.0.1:{port}/mcp"
            yield Gateway(process=process)
        finally:
            self.gateway = was
            process.kill()
            process.wait()

    def entries(self, execution: str) -> list[Any]:
        return [item["entry"] for item in self.bench.governor.items(f"executions/{execution}/entries/")]

    def decisions(self, execution: str) -> list[Any]:
        found = [entry for entry in self.entries(execution) if entry["type"] == "action.decided"]
        return [entry for entry in found if entry["action"]["kind"] == "tool.call"]


def _client(url: str, headers: dict[str, str], mode: str, more: dict[str, Any]) -> Any:
    @asynccontextmanager
    async def opened() -> Any:
        async with (
            httpx2.AsyncClient(headers=headers, timeout=120, trust_env=False) as http,
            Client(streamable_http_client(url, http_client=http), mode=mode, cache=None, **more) as client,
        ):
            yield client

    return opened()


@pytest.fixture
def scene(bench: Bench, tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as undone:
        yield Scene(bench=bench, place=tmp_path, stack=undone, gateway=bench.stack.ready["mcp_url"])


@pytest.fixture
def clock(scene: Scene) -> Behind:
    """The public server for times."""
    return scene.serve("clock", python_of("mcp-servers"), "-m", "mcp_server_time", "--local-timezone", "UTC")


@dataclass(slots=True, kw_only=True)
class Bank:
    """A server of ours with the tool `pay`, whose description can change."""

    server: Behind
    described: Path
    called: Path

    def describe(self, description: str) -> None:
        schema = {"type": "object", "properties": {"amount": {"type": "integer"}, "seconds": {"type": "number"}}}
        self.described.write_text(json.dumps({"description": description, "inputSchema": schema}))

    @property
    def payments(self) -> list[Any]:
        """The arguments of the calls that reached it."""
        lines = self.called.read_text().splitlines() if self.called.exists() else []
        return [json.loads(line) for line in lines]


@pytest.fixture
def bank(scene: Scene, tmp_path: Path) -> Bank:
    described, called = tmp_path / "tool.json", tmp_path / "called.jsonl"
    made = Bank(server=Behind(command=[], port=0, log=tmp_path), described=described, called=called)
    made.describe("Pays.")
    program = Path(__file__).parent / "programs" / "scripted_server.py"
    made.server = scene.serve("bank", sys.executable, str(program), str(described), str(called))
    return made


def text_of(result: CallToolResult) -> str:
    return result.content[0].text


def told(result: CallToolResult) -> dict[str, Any]:
    """What a tool error of ours says to programs."""
    assert result.is_error, result
    return result.structured_content["waxell"]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
