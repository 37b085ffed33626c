"""What dies: the server behind, the client, the gateway. Nothing is lost and no record stays open."""

import json
import os
import signal

import pytest
from mcp import MCPError

from tests.journeys.mcp.conftest import PATIENCE, Bank, Behind, Scene, text_of, told
from tests.stack.running import wait_until

pytestmark = pytest.mark.process

MODES = pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])


def resulted(scene: Scene, execution: str) -> list[str]:
    return [entry["status"] for entry in scene.entries(execution) if entry["type"] == "action.resulted"]


@MODES
def test_a_server_killed_under_a_call_is_told_and_settled(scene: Scene, bank: Bank, mode: str) -> None:
    with scene.agent("bank", mode=mode) as agent:
        under_way = agent.calling("pay", amount=1, seconds=300)
        wait_until(lambda: bank.payments, PATIENCE)
        bank.server.kill()
        lost = told(under_way.result(PATIENCE))
        assert lost["code"] == "server_unreachable"
        assert told(agent.call("pay", amount=2))["code"] == "server_unreachable"

        bank.server.start()
        assert text_of(agent.call("pay", amount=3)) == "paid"

    assert [payment["amount"] for payment in bank.payments] == [1, 3]
    wait_until(lambda: all(one["record"] for one in scene.executions()), PATIENCE)
    statuses = [status for one in scene.executions() for status in resulted(scene, one["id"])]
    assert sorted(statuses) == ["error", "ok"]


def test_a_server_that_ends_takes_its_bridge_along(scene: Scene, bank: Bank) -> None:
    process = bank.server.process
    assert process is not None
    with scene.agent("bank") as agent:
        agent.tools()
        children = wait_until(lambda: _children(process.pid), PATIENCE)
        os.kill(children[0], signal.SIGKILL)
        wait_until(lambda: agent.call("pay", amount=1).is_error and process.poll() is not None, PATIENCE)

    assert process.returncode == 1


def test_a_client_that_leaves_a_call_leaves_a_settled_action(scene: Scene, bank: Bank) -> None:
    with scene.agent("bank", mode="2026-07-28") as agent:
        under_way = agent.calling("pay", amount=1, seconds=300)
        wait_until(lambda: bank.payments, PATIENCE)
        under_way.cancel()

    execution = scene.closed()
    assert resulted(scene, execution["id"]) == ["error"]
    assert execution["state"] == "failed"


def test_a_silent_session_ends_and_its_record_is_closed(scene: Scene, clock: Behind) -> None:
    with scene.gateway_with(session_seconds="1"), scene.agent("clock") as agent:
        agent.call("get_current_time", timezone="UTC")
        assert scene.closed()["state"] == "completed"


def test_a_killed_gateways_sessions_are_closed_by_the_watchdog(scene: Scene, bank: Bank) -> None:
    with scene.gateway_with(session_seconds="1") as gateway, scene.agent("bank") as agent:
        under_way = agent.calling("pay", amount=1, seconds=300)
        wait_until(lambda: bank.payments, PATIENCE)
        gateway.kill()
        with pytest.raises(MCPError):
            under_way.result(PATIENCE)
        execution = scene.closed()

    assert (execution["state"], execution["counts"]["unresolved"]) == ("interrupted", 1)


def test_a_request_that_is_sent_twice_is_one_call(scene: Scene, bank: Bank) -> None:
    http = scene.bench.stack.http
    headers = {
        "Authorization": f"Bearer {scene.bench.scout.key}", "Accept": "application/json, text/event-stream",
    }  # fmt: skip

    def post(body: dict, **more: str) -> str:
        answer = http.post(f"{scene.gateway}/bank/", json={"jsonrpc": "2.0", **body}, headers=headers | more)
        assert answer.status_code < 300, answer.text
        headers.setdefault("Mcp-Session-Id", answer.headers.get("mcp-session-id", ""))
        return answer.text

    client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    post({"id": 0, "method": "initialize", "params": client})
    post({"method": "notifications/initialized"})
    call = {"id": 1, "method": "tools/call", "params": {"name": "pay", "arguments": {"amount": 1}}}
    first, second = post(call), post(call)

    assert "paid" in first
    [data] = [line.removeprefix("data: ") for line in second.splitlines() if line.startswith("data: {")]
    assert json.loads(data)["result"]["structuredContent"]["waxell"]["code"] == "already_called"
    assert len(bank.payments) == 1


def _children(pid: int) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(pid).children()]
